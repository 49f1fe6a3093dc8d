"""What a classifier sees of an image just before it decides."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import unit_range
from uqgen.data.low_pass import LowPass

TINY = 1e-6  # singular values below this share of the largest one are rounding


@contextmanager
def watched(layers: Iterable[nn.Module], note: Callable[[nn.Module, tuple[Any, ...], Any], None]) -> Iterator[None]:
    """Notes what layers do within the block.

    Args:
        layers: parts of a network that the block applies.
        note: called with a layer, its positional arguments and what it made of them, each time that it is applied.
    """
    hooks = [layer.register_forward_hook(note) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


class SeenFeatures:
    """The inputs of a classifier's last linear layer, without the directions in which they change the probabilities.

    With those, where an image lies would already say what it is predicted as: a region of errors would be one by
    definition. The members' of an ensemble stand beside each other. A network without a linear layer of K
    outputs has none that can be found: its logits and the low-pass pixels take their place.

    Args:
        classifier: the target.
        n_classes: number of classes K.
    """

    def __init__(self, classifier: FrozenClassifier, n_classes: int) -> None:
        self.classifier = classifier
        layers = (layer for layer in classifier.modules() if isinstance(layer, nn.Linear))
        self.heads = [layer for layer in layers if layer.out_features == n_classes]

    @torch.inference_mode()
    def __call__(self, x: Tensor, batch_size: int = 250) -> Tensor:
        """Images uint8 [N, C, H, W], or points float32 [N, 2], to float64 [N, F], on the CPU."""
        if not self.heads:
            pixels = LowPass()(unit_range(x)) if x.dim() == 4 else x
            return torch.cat([self.classifier.predict(x).flatten(1), pixels.flatten(1)], dim=1).double()
        parts: dict[nn.Module, list[Tensor]] = {head: [] for head in self.heads}
        with watched(self.heads, lambda head, given, _: parts[head].append(given[0].cpu().double())):
            self.classifier.predict(x, batch_size)
        return torch.cat([_undecided(head, torch.cat(parts[head])) for head in self.heads], dim=1)


def _undecided(head: nn.Linear, inputs: Tensor) -> Tensor:
    """Inputs float64 [N, F] less their part in the span of the differences of the rows of the weights."""
    weight = head.weight.detach().cpu().double()
    _, sizes, directions = torch.linalg.svd(weight - weight.mean(dim=0), full_matrices=False)
    directions = directions[sizes > TINY * sizes[0]]
    return inputs - inputs @ directions.T @ directions
