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
from uqgen.conditioning.sampling import DataConditions
from uqgen.data.labelled import LabelledData
from uqgen.enforcement.enforcement import Enforcement
from uqgen.generators.fit import Intervals, fit
from uqgen.generators.flow.module import ConditionalFlow
from uqgen.generators.flow.sampling import FlowSampling
from uqgen.generators.flow.training import FlowTraining
from uqgen.generators.flow.unet import UNet
from uqgen.generators.gan.mlp import MLPDiscriminator, MLPGenerator
from uqgen.generators.gan.module import ConditionalGAN
from uqgen.generators.gan.stylegan2 import Discriminator, Generator
from uqgen.generators.gan.training import GANTraining
from uqgen.generators.model import ConditionalModel
from uqgen.hardware import Hardware
from uqgen.run_folder import RunFolder
from uqgen.tracking.tracker import Tracker

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


@pytest.fixture
def make_gan(own) -> Callable[..., ConditionalGAN]:
    """Builds a StyleGAN2 for 8 x 8 images; the settings of the training can be changed."""

    def make(n_images: int = 64, batch_size: int = 8, **settings: object) -> ConditionalGAN:
        torch.manual_seed(0)
        encoding = RawEncoding(N_CLASSES)
        shape, channels = (1, 8, 8), (4, 3)
        generator = Generator(shape, encoding.part_dims, channels, latent_dim=4, w_dim=4, mapping_depth=1)
        discriminator = Discriminator(
            shape, encoding.part_dims, channels, w_dim=4, mapping_depth=1, features=8, group=4
        )
        training = GANTraining(n_images=n_images, batch_size=batch_size, **settings)  # type: ignore[arg-type]
        return ConditionalGAN(generator, discriminator, encoding, DataConditions(own), training, Enforcement(None))

    return make


@pytest.fixture
def make_point_gan(own) -> Callable[..., ConditionalGAN]:
    """Builds a GAN of fully connected networks for points in the plane."""

    def make(n_images: int = 64, batch_size: int = 8, **settings: object) -> ConditionalGAN:
        torch.manual_seed(0)
        encoding = RawEncoding(N_CLASSES)
        generator = MLPGenerator((2,), encoding.part_dims, latent_dim=3, hidden=8, depth=3)
        discriminator = MLPDiscriminator((2,), encoding.part_dims, hidden=8, depth=3)
        training = GANTraining(n_images=n_images, batch_size=batch_size, **settings)  # type: ignore[arg-type]
        return ConditionalGAN(generator, discriminator, encoding, DataConditions(own), training, Enforcement(None))

    return make


@pytest.fixture
def train(images, points, hardware) -> Callable[..., ConditionalModel]:
    """Trains a GAN in a folder, as an experiment does."""

    def run(
        gan: ConditionalModel, folder: Path, *callbacks: Callback, log_every: int = 16, checkpoint_every: int = 32
    ) -> ConditionalModel:
        data = points if isinstance(getattr(gan, "generator", None), MLPGenerator) else images
        intervals = Intervals(log_every=log_every, checkpoint_every=checkpoint_every)
        fit(gan, data, hardware, intervals, folder, Tracker(RunFolder(folder), {}), list(callbacks))
        return gan

    return run


@pytest.fixture
def make_flow(own) -> Callable[..., ConditionalFlow]:
    """Builds a flow of 8 x 8 images; the settings of the training can be changed."""

    def make(n_images: int = 64, batch_size: int = 8, **settings: object) -> ConditionalFlow:
        torch.manual_seed(0)
        encoding, shape = RawEncoding(N_CLASSES), (1, 8, 8)
        velocity = UNet(shape, encoding.part_dims, channels=(8, 8), embedding=8)
        training = FlowTraining(n_images=n_images, batch_size=batch_size, **settings)  # type: ignore[arg-type]
        return ConditionalFlow(velocity, shape, encoding, DataConditions(own), training, FlowSampling(steps=4))

    return make
