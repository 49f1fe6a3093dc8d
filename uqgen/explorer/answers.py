"""What the explorer answers: images on the way from one seed to another, and what the target says of any image."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from PIL import Image
from torch import Tensor

from uqgen import seeding
from uqgen.classifiers.ensemble import predictive_logits
from uqgen.conditioning.condition import Condition
from uqgen.data.images import fit_image
from uqgen.data.labelled import to_uint8
from uqgen.networks.latent import Latent
from uqgen.networks.stylegan2 import Generator
from uqgen.settings import require_integer, require_number

if TYPE_CHECKING:
    from uqgen.run import Run


@dataclass(frozen=True)
class Answer:
    """N images and what the target says of them, on the CPU.

    Attributes:
        x: uint8 [N, C, H, W].
        score: float32 [N], the scores obtained.
        probabilities: float32 [N, K], of each class.
    """

    x: Tensor
    score: Tensor
    probabilities: Tensor

    @property
    def predicted(self) -> Tensor:
        """The most probable class, int64 [N]."""
        return self.probabilities.argmax(dim=1)


def between_seeds(run: "Run", label: int, score: float, seeds: tuple[int, int], n: int) -> Answer:
    """Makes images of a class and a score, whose style goes from that of one seed to that of another.

    Args:
        run: a trained run of images.
        label: the class asked, 0 to K - 1.
        score: the score asked.
        seeds: draw the latents of the first and of the last image.
        n: number of images.

    Raises:
        SettingError: a score or a seed is out of range.
    """
    require_number("score", score, *run.classifiers.score.range(len(run.class_names)))
    for name, seed in zip(("seed", "second seed"), seeds, strict=True):
        require_integer(name, seed, 0)
    asked = Condition(torch.tensor([label]), torch.tensor([float(score)])).to(run.gan.device)
    return ask_target(run, to_uint8(interpolate(run, asked, seeds, n)).cpu(), label)


@torch.inference_mode()
def interpolate(run: "Run", asked: Condition, seeds: tuple[int, int], n: int) -> Tensor:
    """Images whose w lies evenly on the line between those of two seeds: StyleGAN2, Karras et al. (2020), section 3.

    The per-pixel noise is the first seed's, so that nothing but the style changes.

    Args:
        run: a trained run of images.
        asked: one class and score, on the GAN's device.
        seeds: draw the latents of the first and of the last image.
        n: number of images.

    Returns:
        float32 [n, C, H, W] in [-1, 1], but for overshoot, on the GAN's device.
    """
    gan = run.gan
    generator = cast(Generator, gan.ema.module)  # of images there is no other
    first, last = (generator.draw_latent(1, seeding.generator(seed, device=gan.device)) for seed in seeds)
    share = torch.linspace(0, 1, n, device=gan.device)[:, None]
    w = torch.lerp(_layerwise_w(run, first, asked), _layerwise_w(run, last, asked), share)
    return generator.synthesise(w, [noise.expand(n, -1, -1, -1) for noise in first.noise])


def of_picture(run: "Run", picture: Image.Image, label: int) -> Answer:
    """What the target says of a picture from elsewhere, brought to the size and channels of the data.

    Args:
        run: a trained run of images.
        picture: of any size and mode.
        label: the class it is taken for by scores that need one.
    """
    channels, size, _ = run.experiment.data.shape
    return ask_target(run, fit_image(picture, size, channels)[None], label)


def ask_target(run: "Run", x: Tensor, label: int) -> Answer:
    """What the target says of images uint8 [N, C, H, W]; `label` is their class for scores that need one."""
    logits = run.classifiers.target.to(run.gan.device).predict(x)
    score = run.classifiers.score(logits, torch.full((len(x),), label))
    return Answer(x, score, predictive_logits(logits).softmax(dim=1))


def _layerwise_w(run: "Run", latent: Latent, asked: Condition) -> Tensor:
    """The w of one latent, float [n_layers, 1, w_dim]."""
    encoding, generator = run.gan.encoding, cast(Generator, run.gan.ema.module)
    return generator.layerwise_w(latent, encoding(encoding.complete(asked, latent.chance)))
