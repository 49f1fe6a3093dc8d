"""What a classifier sees of an image just before it decides, less what it decides by."""

import torch
from torch import Tensor, nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import unit_range
from uqgen.data.low_pass import LowPass

TINY = 1e-6  # singular values below this share of the largest one are rounding


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
        parts: dict[nn.Linear, list[Tensor]] = {head: [] for head in self.heads}
        hooks = [
            head.register_forward_pre_hook(lambda layer, inputs: parts[layer].append(inputs[0].cpu().double()))
            for head in self.heads
        ]
        try:
            self.classifier.predict(x, batch_size)
        finally:
            for hook in hooks:
                hook.remove()
        return torch.cat([_undecided(head, torch.cat(part)) for head, part in parts.items()], dim=1)


def _undecided(head: nn.Linear, inputs: Tensor) -> Tensor:
    """Inputs float64 [N, F] less their part in the span of the differences of the rows of the weights."""
    weight = head.weight.detach().cpu().double()
    _, sizes, directions = torch.linalg.svd(weight - weight.mean(dim=0), full_matrices=False)
    directions = directions[sizes > TINY * sizes[0]]
    return inputs - inputs @ directions.T @ directions
