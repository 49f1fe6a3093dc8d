"""A GAN of a few hundred weights, and images that say which condition is theirs."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from lightning import Callback
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.conditioning.scored_datamodule import ScoredDataModule
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.data.labelled import LabelledData
from uqgen.fitting.fit import Intervals, fit
from uqgen.generators.flow.module import ConditionalFlow
from uqgen.generators.flow.sampling import FlowSampling
from uqgen.generators.flow.training import FlowTraining
from uqgen.generators.flow.unet import UNet
from uqgen.generators.gan.mlp import MLPDiscriminator, MLPGenerator
from uqgen.generators.gan.module import ConditionalGAN
from uqgen.generators.gan.resampling import Resampling
from uqgen.generators.gan.stylegan2 import Discriminator, Generator
from uqgen.generators.gan.training import GANTraining
from uqgen.generators.model import ConditionalModel
from uqgen.hardware import Hardware
from uqgen.scores import get_score

N, N_CLASSES = 44, 3


class RawEncoding(Encoding):
    """One-hot class and raw score, so that tests can read the condition again."""

    part_dims = (N_CLASSES + 1,)

    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        one_hot = F.one_hot(condition.label, N_CLASSES).float()
        return (torch.cat([one_hot, condition.score[:, None]], dim=1),)


@pytest.fixture(scope="session")
def hardware() -> Hardware:
    return Hardware(accelerator="cpu", precision="32-true")


@pytest.fixture
def own() -> Condition:
    """Position i in the data has class i mod 3 and score i / 100, so that no two pairs are the same."""
    position = torch.arange(N)
    return Condition(position % N_CLASSES, position / 100)


@pytest.fixture
def images(own) -> LabelledData:
    """Image i has all pixels i."""
    zeros = torch.zeros(N, dtype=torch.int64)
    pixels = torch.arange(N, dtype=torch.uint8).reshape(N, 1, 1, 1).repeat(1, 1, 8, 8)
    return LabelledData(pixels, own.label, zeros, zeros)


@pytest.fixture
def points(own) -> LabelledData:
    zeros = torch.zeros(N, dtype=torch.int64)
    return LabelledData(torch.randn(N, 2), own.label, zeros, zeros)


class Tiny(InMemoryDataModule):
    """One small data set in the place of every split."""

    n_classes, class_names = N_CLASSES, ["a", "b", "c"]

    def __init__(self, data: LabelledData) -> None:
        super().__init__(batch_size=8, limit=None, seed=0)
        self.train = self.validation = self.test = data
        self.shape = tuple(data.x.shape[1:])

    def setup(self, stage: str = "fit") -> None:
        """All is there."""


class Scored(ScoredDataModule):
    """Scored data whose scores are given, not found."""

    def __init__(self, data: LabelledData, own: Condition, batch_size: int, group: int = 1, seed: int = 0) -> None:
        logits = dict.fromkeys(("train", "validation", "test"), torch.zeros(len(data), N_CLASSES))
        super().__init__(
            Tiny(data), None, get_score("msp"), batch_size=batch_size, group=group, seed=seed, logits=logits
        )
        self.known = own

    def own(self, split: str) -> Condition:
        return self.known


@pytest.fixture
def scored(images, points, own) -> Callable[[ConditionalModel], ScoredDataModule]:
    """What a model is trained on: images, or points if that is what it makes."""

    def make(model: ConditionalModel) -> ScoredDataModule:
        data = points if isinstance(getattr(model, "generator", None), MLPGenerator) else images
        return Scored(data, own, model.settings.batch_size, seed=model.settings.seed)

    return make


@pytest.fixture
def make_gan() -> Callable[..., ConditionalGAN]:
    """Builds a StyleGAN2 for 8 x 8 images; the settings of the training can be changed."""

    def make(
        n_images: int = 64,
        batch_size: int = 8,
        group: int = 4,
        resampling: Resampling | None = None,
        **settings: object,
    ) -> ConditionalGAN:
        torch.manual_seed(0)
        encoding = RawEncoding(N_CLASSES)
        shape, channels = (1, 8, 8), (4, 3)
        generator = Generator(shape, encoding.part_dims, channels, latent_dim=4, w_dim=4, mapping_depth=1)
        discriminator = Discriminator(
            shape, encoding.part_dims, channels, w_dim=4, mapping_depth=1, features=8, group=group
        )
        training = GANTraining(n_images=n_images, batch_size=batch_size, **settings)  # type: ignore[arg-type]
        return ConditionalGAN(generator, discriminator, encoding, training, resampling=resampling)

    return make


@pytest.fixture
def make_point_gan() -> Callable[..., ConditionalGAN]:
    """Builds a GAN of fully connected networks for points in the plane."""

    def make(n_images: int = 64, batch_size: int = 8, **settings: object) -> ConditionalGAN:
        torch.manual_seed(0)
        encoding = RawEncoding(N_CLASSES)
        generator = MLPGenerator((2,), encoding.part_dims, latent_dim=3, hidden=8, depth=3)
        discriminator = MLPDiscriminator((2,), encoding.part_dims, hidden=8, depth=3)
        training = GANTraining(n_images=n_images, batch_size=batch_size, **settings)  # type: ignore[arg-type]
        return ConditionalGAN(generator, discriminator, encoding, training)

    return make


@pytest.fixture
def train(scored, hardware) -> Callable[..., ConditionalModel]:
    """Trains a GAN in a folder, as an experiment does."""

    def run(
        gan: ConditionalModel, folder: Path, *callbacks: Callback, log_every: int = 16, checkpoint_every: int = 32
    ) -> ConditionalModel:
        intervals = Intervals(log_every=log_every, checkpoint_every=checkpoint_every)
        fit(gan, scored(gan), hardware, intervals, folder, [], list(callbacks))
        return gan

    return run


@pytest.fixture
def make_flow() -> Callable[..., ConditionalFlow]:
    """Builds a flow of 8 x 8 images; the settings of the training can be changed."""

    def make(n_images: int = 64, batch_size: int = 8, **settings: object) -> ConditionalFlow:
        torch.manual_seed(0)
        encoding, shape = RawEncoding(N_CLASSES), (1, 8, 8)
        velocity = UNet(shape, encoding.part_dims, channels=(8, 8), embedding=8)
        training = FlowTraining(n_images=n_images, batch_size=batch_size, **settings)  # type: ignore[arg-type]
        return ConditionalFlow(velocity, shape, encoding, training, FlowSampling(steps=4))

    return make
