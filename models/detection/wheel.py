"""The networks whose ONNX files ship in the rapidocr wheel. Nothing is ever downloaded."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from models.errors import WeightsUnavailable


def session(kind: str, device: str, threads: int = 0) -> Any:
    """An onnxruntime session of the wheel's "det" (detector) or "rec" (recogniser).

    `device` "cuda" uses the GPU if this onnxruntime can, else the CPU; `threads` 0 leaves it to onnxruntime. Raises
    WeightsUnavailable if the wheel holds no such file.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    wanted = ["CUDAExecutionProvider"] if device.startswith("cuda") else []
    usable = [name for name in wanted if name in onnxruntime.get_available_providers()]
    return onnxruntime.InferenceSession(str(_weights(kind)), options, providers=[*usable, "CPUExecutionProvider"])


def _weights(kind: str) -> Path:
    """The file in the installed wheel, found without importing it (it configures logging on import)."""
    wheel = find_spec("rapidocr")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        for file in sorted(Path(folder, "models").glob(f"*_{kind}_*.onnx")):
            return file
    raise WeightsUnavailable(f"the rapidocr wheel should hold the weights of its {kind} network, and does not")
