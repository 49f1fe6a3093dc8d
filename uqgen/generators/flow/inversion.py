"""Given images in a trained flow: the flow integrated backwards, from the image to its noise.

A flow is invertible, so nothing is searched for: what is integrated back from an image under its condition, and forth
again under the same, is the image, but for the solver's error. Integrated forth under another condition it is another
image of the same noise (Hu et al., 2024, "Latent space editing in transformer-based flow matching").
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from uqgen.conditioning.encoding import Encoding
from uqgen.generators.channels import Channels
from uqgen.generators.flow.channels import NoiseChannels
from uqgen.generators.flow.sampling import crowded_times, integrate
from uqgen.generators.flow.velocity import Velocity
from uqgen.generators.inversion import Inverter
from uqgen.generators.latent import Latent, spherical
from uqgen.hardware import fast_autocast

N_STEPS = 12  # either way, unless another number is given; with 24, edits are as good and take twice as long
KEPT = 2**16  # pixels whose activations are kept, 1.5 GiB of the U-Net of model=flow; of more they are computed anew
BANDS = (0, 3), (3, 5), (5, 8)  # of waves in a width of the image


class FlowInverter(Inverter):
    """Finds the noise of images by integrating the conditional velocity backwards. A code is the noise.

    Args:
        velocity: the averaged network.
        encoding, as_trained: see `Inverter`.
        n_steps: of the solver, either way.

    Examples:
        >>> from uqgen.conditioning.condition import Condition
        >>> from uqgen.conditioning.paper import PaperEncoding
        >>> from uqgen.generators.flow.mlp import MLPVelocity
        >>> own = Condition(torch.tensor([0, 1]), torch.tensor([0.6, 1.0]))
        >>> encoding = PaperEncoding(2, own)
        >>> inverter = FlowInverter(MLPVelocity((2,), encoding.part_dims), encoding, n_steps=24)
        >>> found = inverter.invert(torch.zeros(2, 2), own)
        >>> inverter.regenerate(found, own).shape
        torch.Size([2, 2])
    """

    def __init__(
        self, velocity: Velocity, encoding: Encoding, n_steps: int, as_trained: Callable[[Tensor], Tensor] | None = None
    ) -> None:
        super().__init__(encoding, as_trained)
        self.velocity = velocity
        self.times = crowded_times(n_steps)

    @torch.no_grad()
    def search(self, x: Tensor, parts: Sequence[Tensor]) -> tuple[Latent, Tensor]:
        """See `Inverter`."""
        noise = self._integrate(x, parts, self.times.flip(0))
        return Latent(noise), torch.zeros_like(noise)

    def code(self, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """See `Inverter`; of the shape of images."""
        return latent.z

    def decode(self, code: Tensor, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """See `Inverter`."""
        return self._integrate(code, parts, self.times)

    def mix(self, codes: Tensor, way: Tensor) -> Tensor:
        """See `Inverter`; along the arc from noise to noise."""
        return spherical(codes[0], codes[1], way)

    @property
    def aspects(self) -> dict[str, Callable[[Tensor], Tensor]]:
        """See `Inverter`; bands of the noise's frequencies. Changes of higher ones are mostly tricks on the target."""
        return {f"{low} to {high} waves": partial(of_band, low, high) for low, high in BANDS}

    def channels(self, latent: Latent, parts: Sequence[Tensor]) -> Channels:
        """See `Inverter`."""
        return NoiseChannels(lambda noise, parts: self._integrate(noise, parts, self.times), latent)

    def _integrate(self, x: Tensor, parts: Sequence[Tensor], times: Tensor) -> Tensor:
        def velocity(x: Tensor, time: float) -> Tensor:
            with fast_autocast(x.device):
                return self.velocity(x, x.new_full((len(x),), time), parts)

        def recomputed(x: Tensor, time: float) -> Tensor:  # activations of every step of many would not fit into memory
            return checkpoint(velocity, x, time, use_reentrant=False)

        return integrate(recomputed if torch.is_grad_enabled() and x.numel() > KEPT else velocity, x, times)


def of_band(low: float, high: float, x: Tensor) -> Tensor:
    """The part of images float32 [N, C, H, W] that has at least `low` and less than `high` waves in a width."""
    height, width = x.shape[-2:]
    rows, columns = torch.fft.fftfreq(height) * height, torch.fft.rfftfreq(width) * width
    waves = torch.hypot(rows[:, None], columns[None]).to(x.device)
    return torch.fft.irfft2(torch.fft.rfft2(x) * ((waves >= low) & (waves < high)), s=(height, width))
