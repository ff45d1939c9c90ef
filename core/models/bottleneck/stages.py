"""Stages of the learned codec's training: what each leaves as it is."""

from typing import Literal, NamedTuple

#: Which weights are trained: all; those of the networks that only the encoder runs; or those that
#: predict what is coded.
Stage = Literal["all", "encoder", "entropy"]


class Frozen(NamedTuple):
    """What a stage does not change.

    Attributes:
        parts: Parts of the network that are not trained, by their names in `Bottleneck.parts`.
        files: Published files that depend on those parts alone, and stay equal to the byte.
    """

    parts: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()


#: After an encoder stage existing files decode as before: neither the decoder nor the model id
#: changes. After an entropy stage they do not, because they were coded with other probabilities;
#: latents, quantiser steps and synthesis are the same, so that hardly more than the rate changes.
FROZEN: dict[Stage, Frozen] = {
    "all": Frozen(),
    "encoder": Frozen(
        parts=frozenset({"synthesis", "gains", "probabilities"}),
        files=frozenset({"synthesis.onnx", "entropy.npz"}),
    ),
    "entropy": Frozen(
        parts=frozenset({"analysis", "hyper_analysis", "synthesis", "gains"}),
        files=frozenset({"analysis.onnx", "hyper_analysis.onnx", "synthesis.onnx"}),
    ),
}
