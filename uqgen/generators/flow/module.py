"""Conditional flow matching: Lipman et al. (2023); Liu et al. (2023)."""

from typing import cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.optim import AdamW, Optimizer

from uqgen import distributed
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.conditioning.sampling import DataConditions
from uqgen.data.scored import ScoredBatch
from uqgen.generators.ema import EMA
from uqgen.generators.flow.inversion import N_STEPS, FlowInverter
from uqgen.generators.flow.sampling import FlowSampling, integrate
from uqgen.generators.flow.training import FlowTraining
from uqgen.generators.flow.velocity import Velocity
from uqgen.generators.inversion import Inverter
from uqgen.generators.latent import Latent
from uqgen.generators.model import ConditionalModel
from uqgen.hardware import fast_autocast


class ConditionalFlow(ConditionalModel):
    """A velocity field that carries noise to data along straight lines, under a condition.

    Training regresses the velocity x - e at x_t = (1 - t) e + t x, e standard normal (Lipman et al., 2023, section
    4.1, with no noise left at t = 1). Sampling integrates it. Guidance moves the image in prospect at each step,
    x_t + (1 - t) v, by a bounded Newton step, which costs no gradient of the velocity.

    Args:
        velocity: the network.
        shape: of an image (C, H, W), or of a point (D,).
        encoding, conditions, training: see `ConditionalModel`.
        sampling: how it is integrated.

    Attributes:
        ema: the averaged network, the one to make images with.
    """

    quantities = ("loss",)

    def __init__(
        self,
        velocity: Velocity,
        shape: tuple[int, ...],
        encoding: Encoding,
        conditions: DataConditions,
        training: FlowTraining,
        sampling: FlowSampling,
    ) -> None:
        super().__init__(encoding, conditions, training)
        self.automatic_optimization = False
        self.velocity: Velocity = velocity.to(memory_format=torch.channels_last)
        self.ema = EMA(self.velocity, training.ema_half_life)
        self.shape, self.sampling = shape, sampling
        self.settings: FlowTraining = training

    def configure_optimizers(self) -> Optimizer:
        """AdamW."""
        settings = self.settings
        return AdamW(
            self.velocity.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )

    def training_step(self, batch: ScoredBatch, batch_idx: int) -> None:
        """One step of the regression, at the rate of the time."""
        optimizer = cast(LightningOptimizer, self.optimizers())
        optimizer.param_groups[0]["lr"] = self.settings.learning_rate_after(self.n_images)
        loss = self._loss(batch)
        self._record(loss=loss)
        optimizer.zero_grad(set_to_none=True)
        self.manual_backward(loss)
        optimizer.step()
        self.n_images += self.global_batch_size
        self.ema.update(self.velocity, self.global_batch_size, self.n_images)

    def draw_latent(self, n: int, rng: torch.Generator) -> Latent:
        """Draws noise float32 [n, *shape] from `rng`, on its device."""
        return Latent(torch.randn(n, *self.shape, generator=rng, device=rng.device))

    def make(self, latent: Latent, condition: Condition) -> Tensor:
        """See `ConditionalModel`."""
        parts = self.encoding(condition)

        def velocity(x: Tensor, time: float) -> Tensor:
            return self._led(x, self._velocity(x, time, parts), time, condition)

        return integrate(velocity, latent.z, self.sampling.times())

    def inverter(self, n_steps: int | None = None, seed: int = 0) -> Inverter:
        """See `ConditionalModel`; nothing is drawn."""
        return FlowInverter(cast(Velocity, self.ema.module), self.encoding, n_steps or N_STEPS)

    def _loss(self, batch: ScoredBatch) -> Tensor:
        """Mean squared error of the velocity."""
        x, own = batch
        rng, n = self._step_rng(0), self.global_batch_size
        mine = distributed.share(n)
        noise = torch.randn(n, *self.shape, generator=rng, device=rng.device)[mine]
        logit = torch.randn(n, generator=rng, device=rng.device)[mine]
        time = (self.settings.time_mean + self.settings.time_deviation * logit).sigmoid()
        keep = (torch.rand(n, generator=rng, device=rng.device) >= self.settings.drop)[mine]
        mixed = torch.lerp(noise, x, time.view(-1, *[1] * (x.dim() - 1)))
        return (self.velocity(mixed, time, self.encoding(own), keep) - (x - noise)).square().mean()

    def _velocity(self, x: Tensor, time: float, parts: tuple[Tensor, ...]) -> Tensor:
        """The averaged network's velocity, with classifier-free guidance; in bf16 where the hardware computes in it."""
        n, strength, device = len(x), self.sampling.condition_strength, x.device
        times = x.new_full((n,), time)
        with fast_autocast(device):
            if strength == 1:
                return self.ema.module(x, times, parts)
            keep = torch.arange(2 * n, device=device) < n
            twice = (torch.cat([x, x]), torch.cat([times, times]), tuple(torch.cat([part, part]) for part in parts))
            conditional, free = self.ema.module(*twice, keep).chunk(2)
        return torch.lerp(free, conditional, strength)

    def _led(self, x: Tensor, velocity: Tensor, time: float, condition: Condition) -> Tensor:
        """The velocity towards the image in prospect, once that is moved towards the score requested."""
        if self.guidance is None or not self.sampling.first <= time <= self.sampling.last:
            return velocity
        left = 1 - time
        step = self.guidance.step(x + left * velocity, lambda image: image, condition, self.sampling.bound)
        return velocity + step / left
