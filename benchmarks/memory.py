"""Memory of a server's processes, as the kernel counts it (Linux)."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

import psutil

TITLE = "ray::ServeReplica:text-removal:"


def processes(parent_pid: int) -> list[psutil.Process]:
    """The process and everything it has started; empty if it has ended."""
    try:
        parent = psutil.Process(parent_pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []


def by_role(parent_pid: int) -> dict[str, list[psutil.Process]]:
    """Processes by what they are: a deployment's name for its replicas (Ray writes it into their titles), the class of
    other Ray actors, else the program's name."""
    found: dict[str, list[psutil.Process]] = {}
    for process in processes(parent_pid):
        with contextlib.suppress(psutil.Error):
            found.setdefault(_role(process), []).append(process)
    return found


def replicas(parent_pid: int) -> dict[str, list[psutil.Process]]:
    """Processes by deployment."""
    return {role: those for role, those in by_role(parent_pid).items() if TITLE in " ".join(those[0].cmdline())}


def _role(process: psutil.Process) -> str:
    title = " ".join(process.cmdline())
    if TITLE in title:
        return title.partition(TITLE)[2].split()[0].partition(".")[0]
    if title.startswith("ray::"):
        return title.removeprefix("ray::").split()[0].partition(".")[0].partition(":")[0]
    return process.name()


def forget_peaks(those: Iterable[psutil.Process]) -> None:
    for process in those:
        with contextlib.suppress(OSError):
            Path(f"/proc/{process.pid}/clear_refs").write_text("5")


def peak_bytes(process: psutil.Process) -> int:
    """Since the process began or its peak was forgotten; shared memory it has touched counts too.

    Raises: OSError if it has ended.
    """
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"no peak is known of process {process.pid}")


def peak_of_tree_bytes(parent_pid: int) -> int:
    """Sum of the peaks of all processes, which need not have been at one moment, and in which memory that several
    share counts several times: an upper bound, exact for a server of one process."""
    total = 0
    for process in processes(parent_pid):
        with contextlib.suppress(OSError):
            total += peak_bytes(process)
    return total


def held_by_tree_bytes(parent_pid: int) -> int:
    """What all processes hold now, shared memory counted once (PSS)."""
    total = 0
    for process in processes(parent_pid):
        with contextlib.suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total
