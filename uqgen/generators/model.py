"""What every generative model under a condition has in common, whatever its family."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor

from uqgen import distributed, seeding
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.conditioning.sampling import DataConditions
from uqgen.generators.inversion import Inverter
from uqgen.generators.latent import Latent
from uqgen.generators.training import Training
from uqgen.guidance.guidance import Guidance

CPU_CHUNK, GPU_CHUNK = 100, 1_000  # images generated at once: few stay in a CPU's cache, half as fast again as 500


class ConditionalModel(LightningModule, ABC):
    """Draws latents and makes images of them under a condition; trained in steps that are counted in images.

    Every random number of a step comes from a generator seeded by (seed, n_images, stream), so that a restarted
    training draws what an uninterrupted one would have drawn, whatever else drew random numbers in between. What is
    random about the images of a step is drawn for all devices by each, which then takes its share, so that several
    devices train what one would have trained.

    Args:
        encoding: turns conditions into what the networks take.
        conditions: draws which real images are shown, and what is requested in the training.
        training: the settings.

    Attributes:
        n_images: real images shown so far, over all devices.
        guidance: leads what is generated towards the condition; None for the model alone.
        group: neighbours in a batch that are judged together; batches are multiples of it.
        quantities: names of what is recorded as the training goes.
        strategy: Lightning's, of several processes.
    """

    group: int = 1
    quantities: tuple[str, ...] = ()
    strategy: str = "ddp"

    def __init__(self, encoding: Encoding, conditions: DataConditions, training: Training) -> None:
        super().__init__()
        self.encoding = encoding
        self.conditions = conditions
        self.settings = training
        self.guidance: Guidance | None = None
        self.n_images = 0
        self._sums: dict[str, Tensor] = {}
        self._n_summed: dict[str, int] = {}

    @abstractmethod
    def draw_latent(self, n: int, rng: torch.Generator) -> Latent:
        """Draws all that is random about n images from `rng`, on its device."""

    @abstractmethod
    def make(self, latent: Latent, condition: Condition) -> Tensor:
        """Makes a few images with the averaged weights, led by `guidance` where there is one.

        Args:
            latent: N latents.
            condition: N complete conditions.

        Returns:
            float32 [N, C, H, W], in [-1, 1] but for overshoot, or points float32 [N, D].
        """

    @torch.no_grad()
    def generate(self, latent: Latent, condition: Condition) -> Tensor:
        """Makes images with the averaged weights, in chunks that bound the memory.

        Args:
            latent: N latents, from `draw_latent`.
            condition: N classes and scores.

        Returns:
            float32 [N, C, H, W] clipped to [-1, 1], or points float32 [N, D], on the latent's device.
        """
        condition = self.encoding.complete(condition, latent.chance)
        size = CPU_CHUNK if latent.z.device.type == "cpu" else GPU_CHUNK
        chunks = torch.arange(len(latent), device=latent.z.device).split(size)
        x = torch.cat([self.make(latent.select(chunk), condition.select(chunk)) for chunk in chunks])
        return x.clamp(-1, 1) if x.dim() == 4 else x

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

    def pop_means(self) -> dict[str, float]:
        """Means of the training quantities since the last call, over all devices, each of which must call it."""
        means = {name: float(distributed.mean(total) / self._n_summed[name]) for name, total in self._sums.items()}
        self._sums.clear()
        self._n_summed.clear()
        return means

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the number of images."""
        checkpoint["n_images"] = self.n_images

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes up the number of images."""
        self.n_images = checkpoint["n_images"]

    @property
    def global_batch_size(self) -> int:
        """Images in a step, over all devices."""
        return self.settings.batch_size

    def _step_rng(self, stream: int) -> torch.Generator:
        return seeding.generator(self.settings.seed, self.n_images, stream, device=self.device)

    def _record(self, **values: Tensor) -> None:
        for name, value in values.items():
            value = value.detach().float()
            self._sums[name] = self._sums[name] + value if name in self._sums else value
            self._n_summed[name] = self._n_summed.get(name, 0) + 1
