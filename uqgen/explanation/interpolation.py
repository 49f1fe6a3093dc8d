"""From one image to another through W, with the score along the way."""

from dataclasses import dataclass

import torch
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import to_uint8
from uqgen.explanation.inversion import Inversion, generator_of, w_of
from uqgen.gan.module import ConditionalGAN
from uqgen.scores import Score
from uqgen.settings import require_integer


@dataclass(frozen=True)
class Interpolation:
    """S images on the way from one to another; on the CPU.

    Attributes:
        x: uint8 [S, C, H, W]; the first and the last are the two reconstructions.
        score_out: float32 [S]; of the class of the first image where a score needs one.
        probabilities: float32 [S, K].
    """

    x: Tensor
    score_out: Tensor
    probabilities: Tensor


@torch.no_grad()
def interpolate(gan: ConditionalGAN, ends: Inversion, target: FrozenClassifier, score: Score, n: int) -> Interpolation:
    """Straight from the w of one image to that of another, layer by layer, and from noise to noise.

    Args:
        gan: the trained GAN.
        ends: two images that were inverted, or codes of the generator's own; see `at_code`.
        target: on the GAN's device.
        score: fitted to it.
        n: number S of images, both ends counted.

    Raises:
        SettingError: n is below 2.
    """
    require_integer("n", n, 2)
    w, way = w_of(gan, ends, ends.own), torch.linspace(0, 1, n, device=gan.device)
    between = torch.lerp(w[:, :1], w[:, 1:], way[None, :, None])
    noise = [torch.lerp(layer[:1], layer[1:], way[:, None, None, None]) for layer in ends.latent.noise]
    x = to_uint8(generator_of(gan).synthesise(between, noise)).cpu()
    logits = target.predict(x)
    probabilities = predictive_logits(logits).softmax(dim=1)
    return Interpolation(x, score(logits, ends.own.label[:1].cpu().expand(n)), probabilities)
