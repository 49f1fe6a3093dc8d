"""Of several latents of an image the discriminator says which is kept: sampling importance resampling (Rubin, 1987).

The logit of a discriminator that was trained on pairs of a real and a generated image under one condition tends to the
logarithm of the ratio of their densities, up to a number for each condition (Azadi et al., 2019, "Discriminator
rejection sampling", section 3). Candidates are drawn in proportion to this ratio. All candidates of an image have its
condition, so the number cancels out.

They lie near the first one, as proposals of multiple-try Metropolis (Liu et al., 2000) and of pCN (Cotter et al.,
2013). Independent ones would also decide between kinds of images, and a discriminator that tells all blurred ones from
real ones would make them rare.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from uqgen.generators.latent import Latent
from uqgen.settings import require, require_integer, require_number


@dataclass(frozen=True)
class Resampling:
    """How many latents are drawn for each image, and how far the discriminator decides which is kept.

    Attributes:
        candidates: latents drawn for each image; 1 keeps what is drawn.
        logit_scale: what logits are multiplied by to become logarithms of density ratios. Penalties of the gradient
            keep logits flatter than those.
        correlation: of z with that of the first candidate; 0 draws independent ones.

    Raises:
        SettingError: a value is out of range.

    Examples:
        >>> rng = torch.Generator().manual_seed(0)
        >>> kept = Resampling(candidates=100, logit_scale=100).draw(
        ...     lambda: Latent(torch.randn(3, 2, generator=rng)), lambda latent: latent.z[:, 1], rng
        ... )
        >>> bool((kept.z[:, 1] > 1).all())  # of 100 normal numbers one of the largest
        True
    """

    candidates: int = 1
    logit_scale: float = 1.0
    correlation: float = 0.0

    def __post_init__(self) -> None:
        require_integer("candidates", self.candidates, 1)
        require_number("logit_scale", self.logit_scale, 0)
        require_number("correlation", self.correlation, 0, 1)

    def check_group(self, group: int) -> None:
        """Refuses candidates where the discriminator judges several images together, which are not of one condition.

        Raises:
            SettingError: so it is.
        """
        alone = group == 1 or self.candidates == 1
        require(alone, "candidates", self.candidates, f"1 for a discriminator that judges {group} images together")

    def draw(
        self,
        draw: Callable[[], Latent],
        logits: Callable[[Latent], Tensor],
        rng: torch.Generator,
        share: slice = slice(None),
    ) -> Latent:
        """Draws candidates one after the other and keeps one of each image, in proportion to exp(scale * logit).

        It is the one with the greatest sum of this exponent and a Gumbel number (Maddison et al., 2014), so no more
        than two candidates of an image are held. All have the `chance` of the first.

        Args:
            draw: N latents, others each time.
            logits: the discriminator's of the images of the latents of the share, float32 [S].
            rng: draws the Gumbel numbers, of all N.
            share: the latents that this process needs.
        """
        drawn = draw()
        first, n = drawn.select(share), len(drawn)
        if self.candidates == 1:
            return first
        kept, best = first, self._keys(logits(first), n, rng, share)
        for _ in range(self.candidates - 1):
            new = draw().select(share).near(first, self.correlation)
            keys = self._keys(logits(new), n, rng, share)
            kept, best = new.where(keys > best, kept), torch.maximum(keys, best)
        return kept

    def _keys(self, logits: Tensor, n: int, rng: torch.Generator, share: slice) -> Tensor:
        uniform = torch.rand(n, generator=rng, device=rng.device).clamp(1e-7, 1 - 1e-7)
        return self.logit_scale * logits - (-uniform.log()).log()[share]
