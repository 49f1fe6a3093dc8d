"""What every generative model under a condition has in common, whatever its family."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch
from lightning import LightningModule
from torch import Tensor

from uqgen import distributed, seeding
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.conditioning.scored import ScoredBatch
from uqgen.data.censored import within_range
from uqgen.described import Plain, as_plain_values, build_described, describe
from uqgen.generators.inversion import Inverter
from uqgen.generators.latent import Latent
from uqgen.generators.training import Training
from uqgen.guidance.guidance import Guidance
from uqgen.metrics.agreement import AgreementMetric
from uqgen.scores import Score

CPU_CHUNK, GPU_CHUNK = 100, 1_000  # images generated at once: few stay in a CPU's cache, half as fast again as 500
HELD_OUT = 2**31  # first stream of the random numbers of validation and test, beyond those of a step's devices


class ConditionalModel(LightningModule, ABC):
    """Draws latents and makes images of them under a condition; trained in steps that are counted in images.

    Every random number of a step comes from a generator seeded by (seed, n_images, stream), so that a restarted
    training draws what an uninterrupted one would have drawn, whatever else drew random numbers in between. What is
    random about the images of a step is drawn for all devices by each, which then takes its share, so that several
    devices train what one would have trained.

    The training ends once `n_images` reach those of the settings, however long the loader is. Losses are logged as
    ``train/...``, as means since they were logged before; loggers get the number of images as their step. With a
    target, validation and test log ``val/pearson`` and ``val/mae``, ``test/...`` of requested and achieved scores.

    Args:
        encoding: turns conditions into what the networks take; or its description, in a checkpoint.
        training: the settings.
        target: the frozen classifier that scores what is generated in validation and test; None for neither.
        score: fitted to the target.

    Attributes:
        n_images: real images shown so far, over all devices.
        n_new: those of the last step.
        guidance: guides what is generated towards the condition; None for the model alone.
        group: neighbours in a batch that are judged together; batches are multiples of it.
        quantities: names of what is logged as the training goes.
    """

    group: int = 1
    quantities: tuple[str, ...] = ()

    def __init__(
        self,
        encoding: Encoding | Plain,
        training: Training,
        target: FrozenClassifier | None = None,
        score: Score | None = None,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.encoding: Encoding = encoding  # type: ignore[assignment]
        self.settings = training
        self.target, self.score = target, score
        self.agreement = AgreementMetric()
        self.guidance: Guidance | None = None
        self.n_images, self.n_new = 0, 0
        self._sums: dict[str, Tensor] = {}
        self._n_summed: dict[str, int] = {}
        self._logged: set[str] = set()
        self.register_state_dict_post_hook(_without_frozen_classifiers)
        self.register_load_state_dict_post_hook(_not_missing_frozen_classifiers)

    @abstractmethod
    def draw_latent(self, n: int, rng: torch.Generator) -> Latent:
        """Draws all that is random about n images from `rng`, on its device."""

    def draw(self, n: int, conditions: Sequence[Condition], rng: torch.Generator, share: slice = slice(None)) -> Latent:
        """Draws latents to make images of, which a family may choose among those of `draw_latent`.

        Args:
            n: number of latents, over all processes.
            conditions: each with what is requested of the latents of the share; several where the images of one latent
                under several conditions are to be compared.
            rng: draws them, the same in every process.
            share: the latents that this process needs.
        """
        return self.draw_latent(n, rng).select(share)

    @abstractmethod
    def make(self, latent: Latent, condition: Condition) -> Tensor:
        """Makes a few images with the averaged weights, guided by `guidance` where there is one.

        Args:
            latent: N latents.
            condition: N complete conditions.

        Returns:
            float32 [N, C, H, W], in [-1, 1] but for the margin and overshoot, or points float32 [N, D].
        """

    @abstractmethod
    def step(self, batch: ScoredBatch) -> None:
        """Trains on one batch, before its images are counted."""

    @abstractmethod
    def average(self) -> None:
        """Moves the averaged weights towards the trained ones, once the images of the step are counted."""

    @torch.no_grad()
    def forward(self, latent: Latent, condition: Condition) -> Tensor:
        """Makes images with the averaged weights, in chunks that bound the memory.

        Args:
            latent: N latents, from `draw` or `draw_latent`.
            condition: N classes and scores.

        Returns:
            float32 [N, C, H, W] clipped to [-1, 1], or points float32 [N, D], on the latent's device.
        """
        condition = self.encoding.complete(condition, latent.chance)
        return within_range(in_chunks(self.make, latent, condition))

    def sweep(self, label: Tensor, scores: Tensor, rng: torch.Generator) -> Tensor:
        """Draws a latent for each class and makes images of several scores of it, of which only the score differs.

        Args:
            label: int64 [N], a class each, on the device of the model.
            scores: float32 [N, S], from certain to uncertain.
            rng: draws the latents.

        Returns:
            float32 [N, S, C, H, W] in [-1, 1], or points float32 [N, S, D]; see `Encoding.along_scores`.
        """
        columns = [Condition(label, score) for score in scores.unbind(dim=1)]
        latent = self.draw(len(label), columns, rng)
        condition = self.encoding.along_scores(label, scores, latent.chance)
        return self(latent.repeated(scores.shape[1]), condition).unflatten(0, scores.shape)

    @abstractmethod
    def inverter(self, n_steps: int | None = None, seed: int = 0) -> Inverter:
        """What finds given images in this model.

        Args:
            n_steps: of the search, or of the integration; None for the family's own number.
            seed: draws where a search starts.

        Raises:
            SettingError: images cannot be found in this model.
        """

    @contextmanager
    def guided_by(self, guidance: Guidance | None) -> Iterator[None]:
        """Generates under another guidance within the block; under none where it is None."""
        before, self.guidance = self.guidance, guidance
        try:
            yield
        finally:
            self.guidance = before

    @property
    def is_complete(self) -> bool:
        """Whether it has seen as many images as its settings say."""
        return self.n_images >= self.settings.n_images

    @property
    def is_logged(self) -> bool:
        """Whether Lightning tells loggers of this step."""
        return self.is_complete or self.n_images // self.n_new % self.trainer.log_every_n_steps == 0  # type: ignore[attr-defined]

    def on_train_start(self) -> None:
        """Refuses a batch that does not divide among the devices."""
        self.settings.check_batch(distributed.world_size(), self.group)

    def training_step(self, batch: ScoredBatch, batch_idx: int) -> None:
        """One step on a batch, unless the training is complete."""
        if not self.is_complete:
            own = self.encoding.observed(self._used(batch.condition), batch.x)
            self.step(ScoredBatch(self.settings.as_trained(batch.x), own, self._used(batch.requested)))
            self.n_new = len(batch.x) * distributed.world_size()
            self.n_images += self.n_new
            self.average()
            self._log_means()
        if self.is_complete:
            self.trainer.should_stop = True

    def validation_step(self, batch: ScoredBatch, batch_idx: int) -> None:
        """Compares requested and achieved scores."""
        self._compare(batch, batch_idx, "val")

    def test_step(self, batch: ScoredBatch, batch_idx: int) -> None:
        """Compares requested and achieved scores."""
        self._compare(batch, batch_idx, "test")

    def predict_step(self, batch: ScoredBatch, batch_idx: int) -> Tensor:
        """Images of the requested conditions, as `forward` makes them."""
        requested = self._used(batch.requested)
        stream = HELD_OUT + batch_idx * distributed.world_size() + distributed.rank()  # each device draws its own
        return self(self.draw(len(batch.x), [requested], self.step_rng(stream)), requested)

    def _pop_means(self) -> dict[str, float]:
        """Means of the training quantities since the last call, over all devices, each of which must call it."""
        means = {name: float(distributed.mean(total) / self._n_summed[name]) for name, total in self._sums.items()}
        self._sums.clear()
        self._n_summed.clear()
        return means

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the number of images, sums that are not logged yet, and what the encoding knows of the data."""
        checkpoint["n_images"] = self.n_images
        checkpoint["sums"] = {name: distributed.mean(total) for name, total in self._sums.items()}
        checkpoint["n_summed"] = dict(self._n_summed)
        real = self.encoding.real
        checkpoint["real"] = {} if real is None else {k: v for k, v in real._asdict().items() if v is not None}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes up the number of images and the sums; builds the encoding, where its description alone is there."""
        self.n_images = checkpoint["n_images"]
        self._sums = {name: total.to(self.device) for name, total in checkpoint.get("sums", {}).items()}
        self._n_summed = dict(checkpoint.get("n_summed", {}))
        if isinstance(self.encoding, Mapping):
            real = Condition(**checkpoint["real"]) if checkpoint["real"] else None
            self.encoding = cast(Encoding, build_described(self.encoding, Encoding, real=real))

    def _describe(self, **parts: Any) -> dict[str, Any]:
        """The hyperparameters: encoding, settings and other parts as plain values."""
        modules = {"encoding": self.encoding, **parts}
        described = {name: part if isinstance(part, Mapping) else describe(part) for name, part in modules.items()}
        return {**described, "training": as_plain_values(self.settings)}

    def _used(self, condition: Condition) -> Condition:
        """What the networks use of a condition."""
        return condition if self.encoding.uses_probabilities else condition._replace(probabilities=None)

    def _compare(self, batch: ScoredBatch, batch_idx: int, stage: str) -> None:
        if self.target is None or self.score is None:
            return
        images, requested = self.predict_step(batch, batch_idx), batch.requested
        self.agreement.update(self.score(self.target(images), requested.label), requested.score)
        names = {f"{stage}/{name}": metric for name, metric in self.agreement.items(keep_base=True)}
        self.log_dict(names, on_epoch=True, on_step=False, batch_size=len(images))

    def step_rng(self, stream: int) -> torch.Generator:
        """What draws the random numbers of this step, on the model's device; every stream other ones."""
        return seeding.generator(self.settings.seed, self.n_images, stream, device=self.device)

    def record(self, **values: Tensor) -> None:
        """Notes scalars of this step, named in `quantities`: their means are logged as ``train/...``."""
        for name, value in values.items():
            value = value.detach().float()
            self._sums[name] = self._sums[name] + value if name in self._sums else value
            self._n_summed[name] = self._n_summed.get(name, 0) + 1

    def _log_means(self) -> None:
        if self.is_logged:
            means = self._pop_means()
            self._logged |= means.keys()
            # Lightning repeats what was logged before, unless it is logged anew.
            self.log_dict({f"train/{name}": means.get(name, math.nan) for name in sorted(self._logged)})
            self.log("step", float(self.n_images))  # which Lightning takes for the axis


def in_chunks(compute: Callable[[Latent, Condition], Tensor], latent: Latent, condition: Condition) -> Tensor:
    """What is computed of N latents and conditions, a few at a time, which bounds the memory."""
    size = CPU_CHUNK if latent.z.device.type == "cpu" else GPU_CHUNK
    chunks = torch.arange(len(latent), device=latent.z.device).split(size)
    return torch.cat([compute(latent.select(chunk), condition.select(chunk)) for chunk in chunks])


def _frozen(model: torch.nn.Module) -> tuple[str, ...]:
    modules = model.named_modules(remove_duplicate=False)
    return tuple(f"{name}." for name, module in modules if isinstance(module, FrozenClassifier))


def _without_frozen_classifiers(model: torch.nn.Module, state: dict[str, Any], prefix: str, metadata: Any) -> None:
    """Their weights are kept on their own, once."""
    frozen = tuple(prefix + name for name in _frozen(model))
    for name in [name for name in state if name.startswith(frozen)]:
        del state[name]


def _not_missing_frozen_classifiers(model: torch.nn.Module, keys: Any) -> None:
    frozen = _frozen(model)
    keys.missing_keys[:] = [name for name in keys.missing_keys if not name.startswith(frozen)]
