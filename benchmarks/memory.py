"""Peak resident memory of the service's processes, as the kernel has counted it (Linux)."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

import psutil

TITLE = "ray::ServeReplica:text-removal:"


def replicas(parent_pid: int) -> dict[str, list[psutil.Process]]:
    """Processes by deployment; Ray writes the name into their titles."""
    found: dict[str, list[psutil.Process]] = {}
    for process in psutil.Process(parent_pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            title = " ".join(process.cmdline())
            if TITLE in title:
                name = title.partition(TITLE)[2].split()[0].partition(".")[0]
                found.setdefault(name, []).append(process)
    return found


def forget_peaks(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(OSError):
            Path(f"/proc/{process.pid}/clear_refs").write_text("5")


def peak_bytes(process: psutil.Process) -> int:
    """Since the process began or its peak was forgotten; shared memory it has touched counts too."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"no peak is known of process {process.pid}")
