"""Pickled weights hold code; of those that should hold tensors, only tensors are read."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"


@contextmanager
def tensors_only() -> Iterator[None]:
    """Under it `torch.load` refuses whatever is no tensor, also where a library asks for more. It does not reach
    TorchScript (`torch.jit.load`), which is code: there the checksum of the file is all there is."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
