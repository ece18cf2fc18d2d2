"""Writes trained weights as the ONNX file that is served: python -m training.export average.pt strokes.onnx."""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import Dim

from models.masking.stroke_network import CHANNELS
from training.network import StrokeNet


class _Probabilities(nn.Module):
    def __init__(self, network: StrokeNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, lines: Tensor) -> Tensor:
        return torch.sigmoid(self.network(lines))


def export(weights: Path, out: Path) -> None:
    """One float32 file with free batch and image sizes. Raises AssertionError if onnxruntime disagrees with torch."""
    import onnxruntime

    network = StrokeNet()
    network.load_state_dict(torch.load(weights, weights_only=True))
    model = _Probabilities(network.eval())
    example = torch.rand(2, CHANNELS, 64, 192)
    torch.onnx.export(
        model,
        (example,),
        str(out),
        input_names=["lines"],
        output_names=["strokes"],
        dynamic_shapes={"lines": {0: "count", 2: 16 * Dim("rows"), 3: 16 * Dim("columns")}},
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    _strip(out)
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    for shape in ((1, CHANNELS, 64, 64), (3, CHANNELS, 112, 336)):
        lines = torch.rand(shape)
        with torch.no_grad():
            wanted = model(lines).numpy()
        np.testing.assert_allclose(session.run(None, {"lines": lines.numpy()})[0], wanted, atol=2e-4)


def _strip(file: Path) -> None:
    """Takes out what the exporter notes about its own source files."""
    import onnx

    model = onnx.load(file)
    graph = model.graph
    for part in (*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer, graph, model):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    onnx.save(model, file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    export(options.weights, options.out)


if __name__ == "__main__":
    main()
