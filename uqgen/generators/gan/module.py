"""The conditional GAN: Le Coz et al. (2023), section 2."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from lightning.pytorch.strategies import DDPStrategy
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from uqgen import distributed
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.conditioning.scored import ScoredBatch
from uqgen.described import Plain, as_dataclass, as_plain_values, build_described
from uqgen.enforcement.enforcement import Enforcement
from uqgen.generators.ema import EMA
from uqgen.generators.gan.adversarial import ADVERSARIAL_LOSSES, generator_gradient
from uqgen.generators.gan.combined_gradient import Energy, Enforced, combined_gradient
from uqgen.generators.gan.energy_score import ENERGY_SCORES
from uqgen.generators.gan.guided_code import guided_code
from uqgen.generators.gan.interface import ConditionalDiscriminator, ConditionalGenerator
from uqgen.generators.gan.inversion import N_STEPS, StyleInverter
from uqgen.generators.gan.penalties import PENALTIES, path_lengths
from uqgen.generators.gan.resampling import Resampling
from uqgen.generators.gan.stylegan2 import Generator
from uqgen.generators.gan.training import GANTraining
from uqgen.generators.inversion import Inverter
from uqgen.generators.latent import Latent
from uqgen.generators.model import ConditionalModel, in_chunks
from uqgen.scores import Score
from uqgen.settings import SettingError, require

PATH_LENGTH_EVERY = 4  # steps between path-length regularisations: StyleGAN2, appendix B
PATH_LENGTH_RATE = 0.01  # of the moving average of path lengths, the same


class ConditionalGAN(ConditionalModel):
    """Generator and discriminator under a condition, trained by manual optimisation and counted in images.

    Guidance moves the generator's code (W of StyleGAN2) by a few bounded Newton steps.

    Args:
        generator, discriminator: networks; or their descriptions, in a checkpoint.
        encoding, target, score: see `ConditionalModel`.
        training: the settings; or their plain values.
        enforcement: what makes the generator keep to the condition, beyond the adversarial loss; None for nothing. A
            checkpoint does not hold what it is made of: `load_from_checkpoint(..., enforcement=...)` goes on with it.
        resampling: how the discriminator chooses among latents; or its plain values; None keeps them as drawn.

    Attributes:
        ema: the averaged generator, the one to make images with.

    Examples:
        >>> from uqgen.conditioning.paper import PaperEncoding
        >>> from uqgen.generators.gan.mlp import MLPDiscriminator, MLPGenerator
        >>> condition = Condition(torch.tensor([0, 1]), torch.tensor([0.6, 1.0]))
        >>> encoding = PaperEncoding(2, condition)
        >>> networks = (kind((2,), encoding.part_dims) for kind in (MLPGenerator, MLPDiscriminator))
        >>> gan = ConditionalGAN(*networks, encoding, GANTraining(n_images=20_000))
        >>> Trainer().fit(gan, datamodule=ScoredDataModule(...))  # doctest: +SKIP
        >>> gan(gan.draw_latent(2, torch.Generator().manual_seed(0)), condition).shape
        torch.Size([2, 2])
    """

    quantities = (
        "d_loss",
        "g_loss",
        "penalty",
        "real_logit",
        "fake_logit",
        "energy",
        "detail_energy",
        "path_length_penalty",
        "d_enforcement",
        "g_enforcement",
    )

    def __init__(
        self,
        generator: ConditionalGenerator | Plain,
        discriminator: ConditionalDiscriminator | Plain,
        encoding: Encoding | Plain,
        training: GANTraining | Plain,
        enforcement: Enforcement | None = None,
        target: FrozenClassifier | None = None,
        score: Score | None = None,
        resampling: Resampling | Plain | None = None,
    ) -> None:
        training = as_dataclass(training, GANTraining)
        resampling = as_dataclass(resampling or Resampling(), Resampling)
        super().__init__(encoding, training, target, score)
        if isinstance(generator, Mapping):
            generator = cast(ConditionalGenerator, build_described(generator, ConditionalGenerator))
        if isinstance(discriminator, Mapping):
            discriminator = cast(ConditionalDiscriminator, build_described(discriminator, ConditionalDiscriminator))
        networks = self._describe(generator=generator, discriminator=discriminator)
        self.save_hyperparameters(networks | {"resampling": as_plain_values(resampling)})
        _check_fit(generator, discriminator, training)
        self.generator: ConditionalGenerator = generator.to(memory_format=torch.channels_last)
        self.discriminator: ConditionalDiscriminator = discriminator.to(memory_format=torch.channels_last)
        self.ema = EMA(self.generator, training.ema_half_life)
        self.group = discriminator.group
        self.enforcement = Enforcement() if enforcement is None else enforcement
        resampling.check_group(self.group)
        self.resampling = resampling
        self.settings: GANTraining = training
        self.loss = ADVERSARIAL_LOSSES[training.loss]
        self.penalty = PENALTIES[training.penalty]
        self.register_buffer("mean_path_length", torch.zeros(()))
        self.mean_path_length: Tensor

    def setup(self, stage: str) -> None:
        """Tells DDP that a step of one network leaves the other without a gradient, unless a user says otherwise."""
        strategy = self.trainer.strategy
        if isinstance(strategy, DDPStrategy):
            strategy._ddp_kwargs.setdefault("find_unused_parameters", True)  # Lightning has no public way

    def configure_optimizers(self) -> tuple[Optimizer, Optimizer]:
        """Adam for the generator and Adam for the discriminator."""
        rate, betas = self.settings.learning_rate, (float(self.settings.beta1), float(self.settings.beta2))
        networks = (self.generator, nn.ModuleList([self.discriminator, self.enforcement]))
        weights = ([weight for weight in network.parameters() if weight.requires_grad] for network in networks)
        generator, discriminator = (Adam(each, lr=rate, betas=betas, fused=True) for each in weights)
        return generator, discriminator

    def step(self, batch: ScoredBatch) -> None:
        """One step of both networks; the generated images of the discriminator's step serve the generator's too."""
        real, own, requested = batch
        if self._has_partners:
            partner = self._partners(len(real))
            requested, real_of_fake = own.select(partner), real[partner]
        else:
            real_of_fake = real
        n = len(real) * distributed.world_size()
        latent = self._draw_latent(n, self.step_rng(0)).select(distributed.share(n))
        requested = self.encoding.complete(requested, latent.chance)  # what is not of an image of the batch has no kind
        parts = self.encoding(requested)
        fake = self.generator(latent, parts)
        rng = self.step_rng(1 + distributed.rank())  # what follows is drawn for this device alone
        optimizer_g, optimizer_d = cast(list[LightningOptimizer], self.optimizers())
        with self._stepping(optimizer_d):
            adversarial = self._discriminator_step(real, own, fake.detach(), requested, parts, rng)
        with self._stepping(optimizer_g):
            if adversarial is None:
                adversarial = self._adversarial_gradient(real_of_fake, fake, parts)
            self._generator_step(real_of_fake, fake, requested, parts, adversarial, rng)

    def average(self) -> None:
        """See `ConditionalModel`."""
        self.ema.update(self.generator, self.n_new, self.n_images)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """See `ConditionalModel`; leaves out what an enforcement learned that this model has not."""
        super().on_load_checkpoint(checkpoint)
        state, mine = checkpoint["state_dict"], self.state_dict()
        for name in [name for name in state if name.startswith("enforcement.") and name not in mine]:
            del state[name]

    def draw_latent(self, n: int, rng: torch.Generator) -> Latent:
        """See `ConditionalModel`."""
        return self.generator.draw_latent(n, rng)

    @torch.no_grad()
    def draw(self, n: int, conditions: Sequence[Condition], rng: torch.Generator, share: slice = slice(None)) -> Latent:
        """See `ConditionalModel`; the discriminator decides, by the sum of its logits over the conditions."""
        every, n_conditions = Condition.cat(conditions), len(conditions)

        def logits(latent: Latent) -> Tensor:
            repeated = latent.select(torch.arange(len(latent), device=self.device).repeat(n_conditions))
            complete = self.encoding.complete(every, repeated.chance)
            return in_chunks(self._logits, repeated, complete).view(n_conditions, -1).sum(dim=0)

        return self.resampling.draw(lambda: self.draw_latent(n, rng), logits, rng, share)

    def make(self, latent: Latent, condition: Condition) -> Tensor:
        """See `ConditionalModel`."""
        generator, parts = cast(ConditionalGenerator, self.ema.module), self.encoding(condition)
        if self.guidance is None:
            return generator(latent, parts)

        def decode(some: Tensor, code: Tensor) -> Tensor:
            return generator.decode(code, latent.select(some), tuple(part[some] for part in parts))

        code = guided_code(generator.code(latent, parts), decode, condition, self.guidance)
        return generator.decode(code, latent, parts)

    def inverter(self, n_steps: int | None = None, seed: int = 0) -> Inverter:
        """See `ConditionalModel`."""
        generator = self.ema.module
        if not isinstance(generator, Generator):
            raise SettingError("model", type(generator).__name__, "one that images are found in, as model=gan or flow")
        return StyleInverter(generator, self.encoding, n_steps or N_STEPS, seed, self.settings.as_trained)

    def _logits(self, latent: Latent, condition: Condition) -> Tensor:
        """The discriminator's of images before guidance, float32 [N]."""
        parts = self.encoding(condition)
        return self.discriminator(self.ema.module(latent, parts), parts)

    def _discriminator_step(
        self,
        real: Tensor,
        own: Condition,
        fake: Tensor,
        requested: Condition,
        parts: tuple[Tensor, ...],
        rng: torch.Generator,
    ) -> Tensor | None:
        """Returns the gradient of the generator's loss by the fakes, if one pass serves both."""
        parts_own = self.encoding(own)
        both = tuple(torch.cat(pair) for pair in zip(parts_own, parts, strict=True))
        seen = fake.detach().requires_grad_() if self.settings.one_pass else fake
        real_logits, fake_logits = self.discriminator(torch.cat([real, seen]), both).chunk(2)
        loss = self.loss.discriminator(real_logits, fake_logits)
        self.record(d_loss=loss, real_logit=real_logits.mean(), fake_logit=fake_logits.mean())
        if self._n_steps % self.settings.penalty_every == 0 and self.settings.penalty_weight > 0:
            penalty = self.penalty(lambda x: self.discriminator(x, parts_own), real, fake, rng)
            self.record(penalty=penalty)
            loss = loss + self.settings.penalty_weight * self.settings.penalty_every * penalty
        enforced = self.enforcement.discriminator_loss(real, own, fake, requested, rng)
        if enforced is not None:
            self.record(d_enforcement=enforced)
            loss = loss + enforced
        self.manual_backward(loss)
        return None if seen.grad is None else self._gradient_of_pass(real_logits, fake_logits, seen.grad)

    def _gradient_of_pass(self, real_logits: Tensor, fake_logits: Tensor, gradient: Tensor) -> Tensor:
        """The gradient of the generator's loss by the fakes, from that of the discriminator's loss."""
        of_fake = real_logits[self._partners(len(real_logits))] if self._has_partners else real_logits
        self.record(g_loss=self.loss.generator(of_fake.detach(), fake_logits.detach()))
        return generator_gradient(self.loss, real_logits, fake_logits, of_fake, gradient) / self._loss_scale()

    def _adversarial_gradient(self, real: Tensor, fake: Tensor, parts: tuple[Tensor, ...]) -> Tensor:
        """The same by a pass of its own.

        In fp16 it passes the discriminator scaled, as every gradient does: it would underflow.
        """
        with torch.no_grad():
            real_logits = self.discriminator(real, parts) if self.loss.pairs else real.new_empty(0)
        loss, scale = self.loss.generator(real_logits, self.discriminator(fake, parts)), self._loss_scale()
        self.record(g_loss=loss)
        return torch.autograd.grad(scale * loss, fake)[0] / scale

    def _generator_step(
        self,
        real: Tensor,
        fake: Tensor,
        requested: Condition,
        parts: tuple[Tensor, ...],
        adversarial: Tensor,
        rng: torch.Generator,
    ) -> None:
        enforced, energies = self._enforced(fake, requested, rng), self._energies(real[::2], fake)
        loss = (fake * combined_gradient(fake, adversarial, enforced, energies)).sum()
        if self.settings.path_length_weight > 0 and self._n_steps % PATH_LENGTH_EVERY == 0:
            penalty = self._path_length_penalty(parts, rng)
            self.record(path_length_penalty=penalty)
            loss = loss + self.settings.path_length_weight * PATH_LENGTH_EVERY * penalty
        self.manual_backward(loss)

    @property
    def _has_partners(self) -> bool:
        """Whether fakes have the conditions of real images of the batch."""
        return self.loss.pairs or self.settings.has_energy

    def _partners(self, n: int) -> Tensor:
        """Positions of the real images whose conditions fakes have; for an energy score, two have the same."""
        index = torch.arange(n, device=self.device)
        return index // 2 * 2 if self.settings.has_energy else index

    def _enforced(self, fake: Tensor, requested: Condition, rng: torch.Generator) -> Enforced | None:
        loss = self.enforcement.generator_loss(fake, requested, rng)
        if loss is None:
            return None
        self.record(g_enforcement=loss.mean())
        return Enforced(loss, self.enforcement.strength_after(self.n_images), self.enforcement.bound)

    def _energies(self, real: Tensor, fake: Tensor) -> list[Energy]:
        lengths = {name: getattr(self.settings, name) for name in ENERGY_SCORES}
        energies = {name: Energy(ENERGY_SCORES[name](real, fake), length) for name, length in lengths.items() if length}
        self.record(**{name: energy.loss for name, energy in energies.items()})
        return [*energies.values()]

    def _loss_scale(self) -> float:
        """What losses are multiplied by before gradients are computed; 1 but in fp16."""
        scaler = getattr(self.trainer.precision_plugin, "scaler", None) if self._trainer is not None else None
        return 1.0 if scaler is None else scaler.get_scale()

    def _path_length_penalty(self, parts: tuple[Tensor, ...], rng: torch.Generator) -> Tensor:
        half = tuple(part[: max(1, len(part) // 2)] for part in parts)  # half a batch is enough: StyleGAN2, appendix B
        latent = self._draw_latent(len(half[0]), rng)
        with torch.autocast(self.device.type, enabled=False):
            generator = cast(Generator, self.generator)
            w = generator.layerwise_w(latent, half)
            images = generator.synthesise(w, latent.noise)
            direction = torch.randn(images.shape, generator=rng, device=images.device)
            lengths = path_lengths(images, w, direction)
        self.mean_path_length.lerp_(distributed.mean(lengths.detach().mean()), PATH_LENGTH_RATE)
        return (lengths - self.mean_path_length).square().mean()

    def _draw_latent(self, n: int, rng: torch.Generator) -> Latent:
        latent = self.generator.draw_latent(n, rng)
        if self.settings.style_mixing == 0:
            return latent
        return Latent(
            latent.z, latent.noise, cast(Generator, self.generator).draw_mix(n, self.settings.style_mixing, rng)
        )

    @contextmanager
    def _stepping(self, optimizer: LightningOptimizer) -> Iterator[None]:
        """Freezes the other network, lets the block compute gradients, and makes the step, at the rate of the time."""
        optimizer.param_groups[0]["lr"] = self.settings.learning_rate_after(self.n_images)
        with self.toggled_optimizer(optimizer):
            optimizer.zero_grad(set_to_none=True)
            yield
            optimizer.step()

    @property
    def _n_steps(self) -> int:
        return self.n_images // self.settings.batch_size


def _check_fit(generator: ConditionalGenerator, discriminator: ConditionalDiscriminator, training: GANTraining) -> None:
    """Refuses settings of a training that these networks cannot have."""
    for name in ("path_length_weight", "style_mixing"):
        value = getattr(training, name)
        require(isinstance(generator, Generator) or value == 0, name, value, "0 for a generator without styles")
    group = discriminator.group
    allowed = f"false for a discriminator that judges {group} images together"
    require(group == 1 or not training.one_pass, "one_pass", training.one_pass, allowed)
