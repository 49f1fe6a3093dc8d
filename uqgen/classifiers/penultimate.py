"""What a classifier sees of an image just before it decides."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from uqgen.classifiers.ensemble import Ensemble
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.own_network import OwnNetwork
from uqgen.data.labelled import unit_range
from uqgen.data.low_pass import LowPass
from uqgen.settings import SettingError

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


def averaged(made: Any) -> Tensor | None:
    """What a layer made as features float [N, F], averaged over height and width; None where it is no such thing."""
    features = made.mean(dim=(2, 3)) if isinstance(made, Tensor) and made.dim() == 4 else made
    return features if isinstance(features, Tensor) and features.dim() == 2 else None


class SeenFeatures:
    """The inputs of a classifier's last linear layer, without the directions in which they change the probabilities.

    With those, where an image lies would already say what it is predicted as: a region of errors would be one by
    definition. The members' of an ensemble stand beside each other. A network without a linear layer of K outputs has
    none that can be found, and of K - 1 inputs or fewer nothing is left but rounding. The logits take their place, with
    the output of the layer that `OwnNetwork` was told to take features from; where it was told none, with the low-pass
    pixels.

    Args:
        classifier: the target.
        n_classes: number of classes K.
    """

    def __init__(self, classifier: FrozenClassifier, n_classes: int) -> None:
        self.classifier = classifier
        ensembles = (network for network in classifier.modules() if isinstance(network, Ensemble))
        networks = next((list(ensemble.members) for ensemble in ensembles), [classifier])
        found = (_last_layer(network, n_classes) for network in networks)
        self.heads = [layer for layer in found if layer is not None and len(_deciding(layer)) < layer.in_features]
        named = (network.named_layer() for network in classifier.modules() if isinstance(network, OwnNetwork))
        self.named = [layer for layer in named if layer is not None]

    @torch.no_grad()  # of what layers keep, a gradient may be asked later
    def __call__(self, x: Tensor, batch_size: int = 250) -> Tensor:
        """Images uint8 [N, C, H, W], or points float32 [N, 2], to float64 [N, F], on the CPU.

        Raises:
            SettingError: the layer that is named makes neither [N, F] nor [N, F, H, W].
        """
        parts: dict[nn.Module, list[Tensor]] = {layer: [] for layer in self.heads or self.named}

        def note(layer: nn.Module, given: tuple[Any, ...], made: Any) -> None:
            parts[layer].append((given[0] if self.heads else _required(made)).cpu().double())

        size = self.classifier.chunk(x, batch_size)  # before layers are watched, since it tries the network
        with watched(parts, note):
            logits = self.classifier.predict(x, size).flatten(1).double()
        seen = {layer: torch.cat(part) for layer, part in parts.items()}
        if self.heads:
            return torch.cat([_undecided(head, seen[head]) for head in self.heads], dim=1)
        pixels = LowPass()(unit_range(x)) if x.dim() == 4 else x
        return torch.cat([logits, *(seen.values() or [pixels.flatten(1).double()])], dim=1)


def _last_layer(network: nn.Module, n_outputs: int) -> nn.Linear | None:
    """The last linear layer with so many outputs: others may have as many by chance."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    return next((layer for layer in reversed(layers) if layer.out_features == n_outputs), None)


def _required(made: Any) -> Tensor:
    features = averaged(made)
    if features is None:
        raise SettingError("feature_layer", f"a layer that makes {_shape(made)}", "[N, F] or [N, F, H, W]")
    return features


def _shape(made: Any) -> str:
    return str(list(made.shape)) if isinstance(made, Tensor) else type(made).__name__


def _undecided(head: nn.Linear, inputs: Tensor) -> Tensor:
    """Inputs float64 [N, F] less their part in the span of the differences of the rows of the weights."""
    directions = _deciding(head)
    return inputs - inputs @ directions.T @ directions


def _deciding(head: nn.Linear) -> Tensor:
    """An orthonormal basis of that span, float64 [D, F]."""
    weight = head.weight.detach().cpu().double()
    _, sizes, directions = torch.linalg.svd(weight - weight.mean(dim=0), full_matrices=False)
    return directions[sizes > TINY * sizes[0]]
