"""Where a classifier looks: maps of pixel gradients, as methods of explanation cluster them."""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from uqgen.chunks import mapped
from uqgen.classifiers.ensemble import predictive_logits
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import unit_range

SIDE = 16  # pixels of a map
CHUNK = 250  # images at once, at most


def gradient_maps(classifier: FrozenClassifier, x: Tensor) -> Tensor:
    """The absolute gradient of the predicted class's log-probability by the pixels (Simonyan et al., 2014).

    Args:
        classifier: of images.
        x: uint8 [N, C, H, W].

    Returns:
        float32 [N, 256], on the CPU: averages over channels and over parts of the image; each map's sum is 1, unless
        the gradient is 0 everywhere.
    """
    device = next(classifier.parameters()).device
    return mapped(x, lambda part: _maps(classifier, unit_range(part).to(device)), classifier.chunk(x, CHUNK))


def _maps(classifier: FrozenClassifier, images: Tensor) -> Tensor:
    with torch.enable_grad():
        images = images.requires_grad_()
        said = predictive_logits(classifier(images)).log_softmax(dim=1).amax(dim=1)
        (slope,) = torch.autograd.grad(said.sum(), images)
    maps = adaptive_avg_pool2d(slope.abs().mean(dim=1, keepdim=True), SIDE).flatten(1)
    return maps / maps.sum(dim=1, keepdim=True).clamp_min(1e-12)
