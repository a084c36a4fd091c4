"""EfficientNet-Lite2 as a graph: what its layers are (Tan and Le 2019; the Lite variants have ReLU6 and no squeeze).

Depth 1.2 and width 1.1 of the smallest one. The widths are in the weights; how often a block is repeated is not.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from starter_build.drawing import Drawing

SIDE = 260
"""Pixels; what it was trained with."""
FEATURES = 1280
CLASSES = 1000
_DEPTH = 1.2
_EPSILON = 1e-3

type Weights = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class _Stage:
    """Blocks of one kind: repeated as in the smallest network, kernel in pixels, stride of the first, widening."""

    repeats: int
    kernel: int
    stride: int
    widening: int


_STAGES = (
    _Stage(1, 3, 1, 1),
    _Stage(2, 3, 2, 6),
    _Stage(2, 5, 2, 6),
    _Stage(3, 3, 2, 6),
    _Stage(3, 5, 1, 6),
    _Stage(4, 5, 2, 6),
    _Stage(1, 3, 1, 6),
)


@dataclass(frozen=True, slots=True)
class _Block:
    """A block as it is in the network."""

    number: int
    kernel: int
    stride: int
    widening: int


def _blocks() -> list[_Block]:
    found: list[_Block] = []
    for index, stage in enumerate(_STAGES):
        # the first and the last stage of a Lite network are not deepened
        fixed = index in {0, len(_STAGES) - 1}
        for turn in range(stage.repeats if fixed else math.ceil(_DEPTH * stage.repeats)):
            found.append(_Block(len(found), stage.kernel, stage.stride if turn == 0 else 1, stage.widening))
    return found


class _Network:
    def __init__(self, drawing: Drawing, weights: Weights) -> None:
        self.drawing, self.weights = drawing, weights
        self.low = drawing.constant("zero", np.float32(0))
        self.high = drawing.constant("six", np.float32(6))

    def convolution(self, given: str, names: tuple[str, str], kernel: int, stride: int, *, depthwise: bool) -> str:
        """A convolution with the normalisation that follows it folded into its weights."""
        layer, norm = names
        weight = self.weights[f"{layer}.weight"].astype(np.float64)
        spread = np.sqrt(self.weights[f"{norm}.running_var"].astype(np.float64) + _EPSILON)
        scale = self.weights[f"{norm}.weight"].astype(np.float64) / spread
        bias = self.weights[f"{norm}.bias"] - self.weights[f"{norm}.running_mean"].astype(np.float64) * scale
        if weight.shape[-1] != kernel:
            raise ValueError(f"{layer} has kernels of {weight.shape[-1]} pixels, not {kernel}")
        return self.drawing.node(
            "Conv",
            [
                given,
                self.drawing.half(f"{layer}.weight", weight * scale[:, None, None, None]),
                self.drawing.constant(f"{layer}.bias", bias.astype(np.float32)),
            ],
            layer,
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            group=len(weight) if depthwise else 1,
            auto_pad="SAME_UPPER",
        )

    def clipped(self, given: str) -> str:
        return self.drawing.node("Clip", [given, self.low, self.high], f"{given}.clipped")

    def block(self, given: str, block: _Block) -> str:
        """Widen, look around, narrow; what came in is added where the shape is the same."""
        prefix, narrow, norms = f"_blocks.{block.number}", given, iter(("_bn0", "_bn1", "_bn2"))
        if block.widening > 1:
            names = f"{prefix}._expand_conv", f"{prefix}.{next(norms)}"
            narrow = self.clipped(self.convolution(given, names, 1, 1, depthwise=False))
        else:
            next(norms)
        names = f"{prefix}._depthwise_conv", f"{prefix}.{next(norms)}"
        seen = self.clipped(self.convolution(narrow, names, block.kernel, block.stride, depthwise=True))
        names = f"{prefix}._project_conv", f"{prefix}.{next(norms)}"
        out = self.convolution(seen, names, 1, 1, depthwise=False)
        if block.stride > 1 or self._width_in(block) != len(self.weights[f"{prefix}._project_conv.weight"]):
            return out
        return self.drawing.node("Add", [out, given], f"{prefix}.sum")

    def _width_in(self, block: _Block) -> int:
        prefix = f"_blocks.{block.number}"
        if block.widening > 1:
            return self.weights[f"{prefix}._expand_conv.weight"].shape[1]
        return len(self.weights[f"{prefix}._depthwise_conv.weight"])


def draw(drawing: Drawing, weights: Weights, image: str) -> tuple[str, str]:
    """Add the network behind `image` ([batch, 3, 260, 260], (pixel - 127) / 128).

    Returns:
        Names of `logits` ([batch, 1000]) and `feature` ([batch, 1280]: the picture's mean before the classifier).
    """
    network = _Network(drawing, weights)
    flow = network.clipped(network.convolution(image, ("_conv_stem", "_bn0"), 3, 2, depthwise=False))
    blocks = _blocks()
    for block in blocks:
        flow = network.block(flow, block)
    if any(name.startswith(f"_blocks.{len(blocks)}.") for name in weights):
        raise ValueError(f"there are more than {len(blocks)} blocks in the weights")
    flow = network.clipped(network.convolution(flow, ("_conv_head", "_bn1"), 1, 1, depthwise=False))
    mean = drawing.node("GlobalAveragePool", [flow], "mean")
    feature = drawing.node("Flatten", [mean], "feature", axis=1)
    weight = drawing.half("_fc.weight", weights["_fc.weight"])
    bias = drawing.constant("_fc.bias", weights["_fc.bias"])
    return drawing.node("Gemm", [feature, weight, bias], "logits", transB=1), feature
