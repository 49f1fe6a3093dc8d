"""Conditional flow matching: Lipman et al. (2023); Liu et al. (2023)."""

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.optim import AdamW, Optimizer

from uqgen import distributed
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.conditioning.scored import ScoredBatch
from uqgen.data.gaussian import gaussian_blur
from uqgen.described import Plain, as_dataclass, as_plain_values, build_described
from uqgen.generators.ema import EMA
from uqgen.generators.flow.inversion import N_STEPS, FlowInverter
from uqgen.generators.flow.sampling import FlowSampling, integrate
from uqgen.generators.flow.training import FlowTraining
from uqgen.generators.flow.velocity import Velocity
from uqgen.generators.inversion import Inverter
from uqgen.generators.latent import Latent
from uqgen.generators.model import ConditionalModel
from uqgen.hardware import fast_autocast
from uqgen.scores import Score


class ConditionalFlow(ConditionalModel):
    """A velocity field that carries noise to data along straight lines, under a condition.

    Training regresses the velocity x - e at x_t = (1 - t) e + t x, e standard normal (Lipman et al., 2023, section
    4.1, with no noise left at t = 1). Sampling integrates it. Guidance moves the predicted image at each step,
    x_t + (1 - t) v, by a bounded Newton step through a Gaussian, which costs no gradient of the velocity.

    Args:
        velocity: the network; or its description, in a checkpoint.
        shape: of an image (C, H, W), or of a point (D,).
        encoding, target, score: see `ConditionalModel`.
        training, sampling: the settings, of the training and of how it is integrated; or their plain values.

    Attributes:
        ema: the averaged network, the one to make images with.

    Examples:
        >>> from uqgen.conditioning.paper import PaperEncoding
        >>> from uqgen.generators.flow.mlp import MLPVelocity
        >>> condition = Condition(torch.tensor([0, 1]), torch.tensor([0.6, 1.0]))
        >>> encoding = PaperEncoding(2, condition)
        >>> velocity = MLPVelocity((2,), encoding.part_dims)
        >>> flow = ConditionalFlow(velocity, (2,), encoding, FlowTraining(n_images=20_000), FlowSampling())
        >>> flow(flow.draw_latent(2, torch.Generator().manual_seed(0)), condition).shape
        torch.Size([2, 2])
    """

    quantities = ("loss",)

    def __init__(
        self,
        velocity: Velocity | Plain,
        shape: Sequence[int],
        encoding: Encoding | Plain,
        training: FlowTraining | Plain,
        sampling: FlowSampling | Plain,
        target: FrozenClassifier | None = None,
        score: Score | None = None,
    ) -> None:
        training, sampling = as_dataclass(training, FlowTraining), as_dataclass(sampling, FlowSampling)
        super().__init__(encoding, training, target, score)
        if isinstance(velocity, Mapping):
            velocity = cast(Velocity, build_described(velocity, Velocity))
        settings = {"shape": list(shape), "sampling": as_plain_values(sampling)}
        self.save_hyperparameters(self._describe(velocity=velocity) | settings)
        self.velocity: Velocity = velocity.to(memory_format=torch.channels_last)
        self.ema = EMA(self.velocity, training.ema_half_life)
        self.shape, self.sampling = tuple(shape), sampling
        self.settings: FlowTraining = training

    def configure_optimizers(self) -> Optimizer:
        """AdamW."""
        settings = self.settings
        return AdamW(
            self.velocity.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )

    def step(self, batch: ScoredBatch) -> None:
        """One step of the regression, at the rate of the time."""
        optimizer = cast(LightningOptimizer, self.optimizers())
        optimizer.param_groups[0]["lr"] = self.settings.learning_rate_after(self.n_images)
        loss = self._loss(batch)
        self.record(loss=loss)
        optimizer.zero_grad(set_to_none=True)
        self.manual_backward(loss)
        optimizer.step()

    def average(self) -> None:
        """See `ConditionalModel`."""
        self.ema.update(self.velocity, self.n_new, self.n_images)

    def draw_latent(self, n: int, rng: torch.Generator) -> Latent:
        """Draws noise float32 [n, *shape] from `rng`, on its device."""
        return Latent(torch.randn(n, *self.shape, generator=rng, device=rng.device))

    def make(self, latent: Latent, condition: Condition) -> Tensor:
        """See `ConditionalModel`."""
        parts = self.encoding(condition)

        def velocity(x: Tensor, time: float) -> Tensor:
            return self._guided(x, self._velocity(x, time, parts), time, condition)

        return integrate(velocity, latent.z, self.sampling.times())

    def inverter(self, n_steps: int | None = None, seed: int = 0) -> Inverter:
        """See `ConditionalModel`; nothing is drawn."""
        velocity = cast(Velocity, self.ema.module)
        return FlowInverter(velocity, self.encoding, n_steps or N_STEPS, self.settings.as_trained)

    def _loss(self, batch: ScoredBatch) -> Tensor:
        """Mean squared error of the velocity."""
        x, own = batch.x, batch.condition
        rng, n = self.step_rng(0), len(x) * distributed.world_size()
        mine = distributed.share(n)
        noise = torch.randn(n, *self.shape, generator=rng, device=rng.device)[mine]
        logit = torch.randn(n, generator=rng, device=rng.device)[mine]
        time = (self.settings.time_mean + self.settings.time_deviation * logit).sigmoid()
        keep = (torch.rand(n, generator=rng, device=rng.device) >= self.settings.drop)[mine]
        mixed = torch.lerp(noise, x, time.view(-1, *[1] * (x.dim() - 1)))
        return (self.velocity(mixed, time, self.encoding(own), keep) - (x - noise)).square().mean()

    def _velocity(self, x: Tensor, time: float, parts: tuple[Tensor, ...]) -> Tensor:
        """The averaged network's velocity, with classifier-free guidance; in bf16 where the hardware computes in it."""
        n, strength, device = len(x), self.sampling.condition_strength_at(time), x.device
        times = x.new_full((n,), time)
        with fast_autocast(device):
            if strength == 1:
                return self.ema.module(x, times, parts)
            keep = torch.arange(2 * n, device=device) < n
            twice = (torch.cat([x, x]), torch.cat([times, times]), tuple(torch.cat([part, part]) for part in parts))
            conditional, free = self.ema.module(*twice, keep).chunk(2)
        return torch.lerp(free, conditional, strength)

    def _guided(self, x: Tensor, velocity: Tensor, time: float, condition: Condition) -> Tensor:
        """The velocity towards the predicted image, once that is moved towards the score requested."""
        if self.guidance is None or not self.sampling.first <= time <= self.sampling.last:
            return velocity
        left = 1 - time
        predicted, nothing = x + left * velocity, torch.zeros_like(x)
        step = self.guidance.step(
            nothing, lambda change: predicted + self._blurred(change), condition, self.sampling.bound
        )
        return velocity + self._blurred(step) / left

    def _blurred(self, change: Tensor) -> Tensor:
        """What classifier guidance adds to images, without the detail that only one classifier would see."""
        return gaussian_blur(change, self.sampling.blur) if self.sampling.blur > 0 else change
