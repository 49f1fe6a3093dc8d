"""GAN inversion: given images found in the latent space of a trained StyleGAN2.

StyleGAN2's projection (Karras et al., 2020, appendix D) adapted to a conditional generator: what the condition does not
determine is optimised, so that the condition can be changed afterwards. The offsets from the mapping network's w, one
for each layer, are W+ of Abdal et al. (2019), "Image2StyleGAN", and are kept small because images far from W do not
follow changes of it (Tov et al., 2021, "Designing an encoder for StyleGAN image manipulation").
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from rich.progress import track
from torch import Tensor
from torch.optim import Adam
from torch.optim.lr_scheduler import OneCycleLR

from uqgen import seeding
from uqgen.conditioning.encoding import Encoding
from uqgen.data.fine_detail import FineDetail
from uqgen.data.low_pass import LowPass
from uqgen.generators.channels import Channels
from uqgen.generators.gan.channels import StyleChannels
from uqgen.generators.gan.stylegan2 import Generator
from uqgen.generators.inversion import Inverter
from uqgen.generators.latent import Latent

N_STEPS = 100  # of the search, unless another number is given
N_STARTS = 32  # latents drawn, of which the one whose image is nearest is where the optimisation starts
RISE = 0.1  # of the steps, in which Adam's rate rises
RATE = 0.3  # of Adam, at most
OFFSET_WEIGHT, NOISE_WEIGHT = 1e-2, 1e-3  # of the mean squares of offsets and noise, beside that of the pixels


class StyleInverter(Inverter):
    """Finds images by optimising z, offsets in W+, and noise. A code is the w of every layer.

    Args:
        generator: the averaged one.
        encoding, as_trained: see `Inverter`.
        n_steps: steps of Adam.
        seed: draws where the optimisation starts.

    Examples:
        >>> from uqgen.conditioning.condition import Condition
        >>> from uqgen.conditioning.paper import PaperEncoding
        >>> own = Condition(torch.tensor([0, 1]), torch.tensor([0.6, 1.0]))
        >>> encoding = PaperEncoding(2, own)
        >>> generator = Generator((1, 8, 8), encoding.part_dims, channels=(8, 8), latent_dim=4, w_dim=8)
        >>> inverter = StyleInverter(generator, encoding, n_steps=2, seed=0)
        >>> found = inverter.invert(torch.zeros(2, 1, 8, 8), own)  # doctest: +ELLIPSIS
        inversion ...
        >>> inverter.regenerate(found, own).shape
        torch.Size([2, 1, 8, 8])
    """

    def __init__(
        self,
        generator: Generator,
        encoding: Encoding,
        n_steps: int,
        seed: int,
        as_trained: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__(encoding, as_trained)
        self.generator, self.n_steps, self.seed = generator, n_steps, seed

    def search(self, x: Tensor, parts: Sequence[Tensor]) -> tuple[Latent, Tensor]:
        """See `Inverter`."""
        start = self._start(x, parts)
        z, noise = start.z.requires_grad_(), [layer.requires_grad_() for layer in start.noise]
        with torch.no_grad():
            offset = torch.zeros_like(self.code(start, parts), memory_format=torch.contiguous_format).requires_grad_()
        free = [z, offset, *noise]
        optimizer = Adam(free, lr=RATE, betas=(0.9, 0.99))
        rise = max(RISE, 2 / (self.n_steps + 1))  # the scheduler divides by 0 where that is a single step
        schedule = OneCycleLR(optimizer, RATE, total_steps=self.n_steps + 1, pct_start=rise)
        for _ in track(range(self.n_steps), "inversion"):
            latent = Latent(z, tuple(noise))
            made = self.decode(self.code(latent, parts) + offset, latent, parts)
            loss = (made - x).square().mean(dim=(1, 2, 3)).sum()  # over images, none of which matters to another
            loss = loss + OFFSET_WEIGHT * offset.square().mean(dim=(1, 2)).sum()
            loss = loss + NOISE_WEIGHT * sum(layer.square().mean(dim=(1, 2, 3)).sum() for layer in noise)
            for parameter, gradient in zip(free, torch.autograd.grad(loss, free), strict=True):
                parameter.grad = gradient
            optimizer.step()
            schedule.step()
        return Latent(z.detach(), tuple(layer.detach() for layer in noise)), offset.detach()

    def code(self, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """See `Inverter`; float32 [N, n_layers, w_dim]."""
        return self.generator.code(latent, parts)

    def decode(self, code: Tensor, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """See `Inverter`."""
        return self.generator.decode(code, latent, parts)

    def mix(self, codes: Tensor, way: Tensor) -> Tensor:
        """See `Inverter`; straight through W+."""
        return codes[0].lerp(codes[1], way[:, None, None])

    @property
    def aspects(self) -> dict[str, Callable[[Tensor], Tensor]]:
        """See `Inverter`; the w of all layers of a resolution, those up to a quarter of the image's size together."""
        sizes = self.generator.layer_sizes
        of_layer = [max(size, sizes[-1] // 4) for size in sizes]
        return {f"layers at {size} pixels": partial(_of_layers, of_layer, size) for size in sorted(set(of_layer))}

    def channels(self, latent: Latent, parts: Sequence[Tensor]) -> Channels:
        """See `Inverter`."""
        return StyleChannels(self.generator, latent, parts)

    @torch.no_grad()
    def _start(self, x: Tensor, parts: Sequence[Tensor]) -> Latent:
        """Of `N_STARTS` latents, the same for all images, the z whose image is nearest; without noise.

        Images with noise are compared: without it they lack texture, and the search ends farther from what has some.
        """
        drawn = self.generator.draw_latent(N_STARTS, seeding.generator(self.seed, device=x.device))
        one_for_all = (drawn.select(torch.full((len(x),), number, device=x.device)) for number in range(N_STARTS))
        wanted = _maps(x)
        distance = [_distance(_maps(self.generator(latent, parts)), wanted) for latent in one_for_all]
        nearest = drawn.select(torch.stack(distance).argmin(dim=0))
        return Latent(nearest.z, tuple(map(torch.zeros_like, nearest.noise)))


def _maps(images: Tensor) -> tuple[Tensor, Tensor]:
    """Low-pass pixels and the strength of fine detail, in which a start is compared.

    In pixels a clean image is nearer to a noisy one than another noisy one is, and its style shuts all noise out.
    """
    images = images.clamp(-1, 1)
    return LowPass().maps(images), FineDetail().maps(images)


def _distance(ours: tuple[Tensor, Tensor], theirs: tuple[Tensor, Tensor]) -> Tensor:
    pairs = zip(ours, theirs, strict=True)
    return torch.stack([(one - other).square().mean(dim=(1, 2, 3)) for one, other in pairs]).sum(dim=0)


def _of_layers(of_layer: Sequence[int], size: int, change: Tensor) -> Tensor:
    """The part of float32 [N, n_layers, w_dim] that belongs to layers of a size, the rest 0."""
    is_of_size = torch.tensor([each == size for each in of_layer], device=change.device)
    return change * is_of_size[:, None]
