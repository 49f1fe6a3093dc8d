"""GAN inversion: given images found in the latent space of a trained generator.

StyleGAN2's projection (Karras et al., 2020, appendix D) adapted to a conditional generator: what the condition does not
determine is optimised, so that the condition can be changed afterwards. The offsets from the mapping network's w, one
for each layer, are W+ of Abdal et al. (2019), "Image2StyleGAN", and are kept small because images far from W do not
follow changes of it (Tov et al., 2021, "Designing an encoder for StyleGAN image manipulation").
"""

from dataclasses import dataclass, replace

import torch
from rich.progress import track
from torch import Tensor
from torch.optim import Adam
from torch.optim.lr_scheduler import OneCycleLR

from uqgen import seeding
from uqgen.conditioning.condition import Condition
from uqgen.generators.gan.stylegan2 import Generator
from uqgen.generators.latent import Latent
from uqgen.generators.model import ConditionalModel
from uqgen.settings import SettingError

N_STARTS = 16  # latents drawn, of which the one whose image is nearest is where the optimisation starts
RATE = 0.3  # of Adam, at most
OFFSET_WEIGHT, NOISE_WEIGHT = 1e-2, 1e-3  # of the mean squares of offsets and noise, beside that of the pixels


@dataclass(frozen=True)
class Inversion:
    """N given images as a generator makes them.

    Attributes:
        x: the images given, float32 [N, C, H, W] in [-1, 1].
        own: their class, score and, if the networks are told it, softmax vector.
        latent: z and noise found.
        offset: float32 [n_layers, N, w_dim], what is added to the mapping network's w.
        reconstruction: float32 [N, C, H, W], of the generator under their own condition, not clipped.
    """

    x: Tensor
    own: Condition
    latent: Latent
    offset: Tensor
    reconstruction: Tensor

    def __len__(self) -> int:
        return len(self.x)

    @property
    def error(self) -> Tensor:
        """Root mean square difference of image and reconstruction, pixels being in [0, 1]; float32 [N]."""
        return (self.reconstruction.clamp(-1, 1) - self.x).square().mean(dim=(1, 2, 3)).sqrt() / 2

    def select(self, index: Tensor | slice) -> "Inversion":
        """The images at these positions."""
        own, latent = self.own.select(index), self.latent.select(index)
        return Inversion(self.x[index], own, latent, self.offset[:, index], self.reconstruction[index])


def invert(gan: ConditionalModel, x: Tensor, own: Condition, n_steps: int, seed: int) -> Inversion:
    """Finds images in the latent space by optimising z, offsets in W+, and noise; all images at once.

    Args:
        gan: the trained GAN.
        x: float32 [N, C, H, W] in [-1, 1], on its device.
        own: class, score and softmax vector of each, on its device.
        n_steps: steps of Adam.
        seed: draws where the optimisation starts.

    Raises:
        SettingError: the generator has no W.
    """
    generator = generator_of(gan)
    own = own._replace(probabilities=own.probabilities if gan.encoding.uses_probabilities else None)
    parts = gan.encoding(own)
    latent = _nearest_of_drawn(generator, x, parts, seed)
    z = latent.z.requires_grad_()
    noise = [torch.zeros_like(layer, requires_grad=True) for layer in latent.noise]
    with torch.no_grad():
        offset = torch.zeros_like(generator.layerwise_w(latent, parts)).contiguous().requires_grad_()
    optimizer = Adam([z, offset, *noise], lr=RATE, betas=(0.9, 0.99))
    schedule = OneCycleLR(optimizer, RATE, total_steps=n_steps + 1, pct_start=0.1)
    for _ in track(range(n_steps), "inversion"):
        made = generator.synthesise(generator.layerwise_w(Latent(z), parts) + offset, noise)
        loss = (made - x).square().mean(dim=(1, 2, 3)).sum()  # a sum over images, none of which matters to another
        loss = loss + OFFSET_WEIGHT * offset.square().mean(dim=(0, 2)).sum()
        loss = loss + NOISE_WEIGHT * sum(layer.square().mean(dim=(1, 2, 3)).sum() for layer in noise)
        gradients = torch.autograd.grad(loss, [z, offset, *noise])
        for parameter, gradient in zip([z, offset, *noise], gradients, strict=True):
            parameter.grad = gradient
        optimizer.step()
        schedule.step()
    found = Latent(z.detach(), tuple(layer.detach() for layer in noise))
    inversion = Inversion(x, own, found, offset.detach(), x)
    return replace(inversion, reconstruction=regenerate(gan, inversion, own))


@torch.no_grad()
def at_code(gan: ConditionalModel, latent: Latent, condition: Condition) -> Inversion:
    """The images that the generator makes of known latents, as if they had been found.

    Args:
        gan: the trained GAN.
        latent: N latents.
        condition: theirs, complete.
    """
    generator = generator_of(gan)
    w = generator.layerwise_w(latent, gan.encoding(condition))
    made = generator.synthesise(w, latent.noise)
    return Inversion(made.clamp(-1, 1), condition, latent, torch.zeros_like(w), made)


@torch.no_grad()
def w_of(gan: ConditionalModel, inversion: Inversion, condition: Condition) -> Tensor:
    """The w of each layer under other conditions, float32 [n_layers, N, w_dim]."""
    return generator_of(gan).layerwise_w(inversion.latent, gan.encoding(condition)) + inversion.offset


@torch.no_grad()
def regenerate(gan: ConditionalModel, inversion: Inversion, condition: Condition) -> Tensor:
    """The images that the generator makes of the latents found, under other conditions; float32, not clipped."""
    return generator_of(gan).synthesise(w_of(gan, inversion, condition), inversion.latent.noise)


def rescored(gan: ConditionalModel, own: Condition, score: Tensor) -> Condition:
    """The condition of images with another score and all else as it was.

    Where the networks are told the softmax vector and the score is its maximum, the own vector is flattened or
    sharpened; where it is another function of the vector, one of a real image of that class and score is taken.

    Args:
        gan: whose encoding says what is told.
        own: N classes and own scores.
        score: float32 [N], asked.
    """
    asked = gan.encoding.complete(gan.encoding.rescored(own, score), torch.full_like(score, 0.5))
    if own.probabilities is None or asked.probabilities is None:
        return asked
    is_own = (score == own.score)[:, None]
    return asked._replace(probabilities=torch.where(is_own, own.probabilities, asked.probabilities))


def generator_of(gan: ConditionalModel) -> Generator:
    """The averaged generator.

    Raises:
        SettingError: it has no W.
    """
    generator = gan.ema.module
    if not isinstance(generator, Generator):
        raise SettingError("gan", type(generator).__name__, "a generator with W, as model=gan_any_size has")
    return generator


@torch.no_grad()
def _nearest_of_drawn(generator: Generator, x: Tensor, parts: tuple[Tensor, ...], seed: int) -> Latent:
    """Of `N_STARTS` latents drawn for each image, the z whose image is nearest."""
    rng = seeding.generator(seed, device=x.device)
    drawn = [generator.draw_latent(len(x), rng) for _ in range(N_STARTS)]
    distance = torch.stack([(generator(latent, parts) - x).square().mean(dim=(1, 2, 3)) for latent in drawn])
    z = torch.stack([latent.z for latent in drawn])[distance.argmin(dim=0), torch.arange(len(x), device=x.device)]
    return Latent(z, drawn[-1].noise)
