"""A small GAN and a linear classifier, of which everything is known."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.sampling import DataConditions
from uqgen.conditioning.softmax import SoftmaxEncoding
from uqgen.enforcement.enforcement import Enforcement
from uqgen.generators.gan.module import ConditionalGAN
from uqgen.generators.gan.stylegan2 import Discriminator, Generator
from uqgen.generators.gan.training import GANTraining

N_CLASSES = 3


@pytest.fixture
def linear() -> FrozenClassifier:
    """Logits that are linear in the pixels of an 8 x 8 image, of two classes."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    with torch.no_grad():
        direction = torch.randn(64, generator=torch.Generator().manual_seed(1)) / 8
        network[1].weight.copy_(torch.stack([direction, -direction]))
        network[1].bias.zero_()
    return FrozenClassifier(network)


@pytest.fixture
def small() -> SimpleNamespace:
    """A GAN of 8 x 8 images told the softmax vector, not trained, and three conditions."""
    torch.manual_seed(0)
    vectors = torch.tensor([[0.8, 0.15, 0.05], [0.1, 0.7, 0.2], [0.25, 0.15, 0.6]])
    own = Condition(torch.arange(N_CLASSES), vectors.amax(dim=1), vectors)
    encoding = SoftmaxEncoding(N_CLASSES, own)
    shape, channels = (1, 8, 8), (16, 8)
    generator = Generator(shape, encoding.part_dims, channels, latent_dim=2, w_dim=32, mapping_depth=1)
    discriminator = Discriminator(shape, encoding.part_dims, channels, w_dim=4, mapping_depth=1, features=8)
    training = GANTraining(n_images=64, batch_size=8)
    gan = ConditionalGAN(generator, discriminator, encoding, DataConditions(own), training, Enforcement(None))
    for layer in gan.ema.module.to_image:
        layer.weight.data.mul_(0.1)  # so that no pixel is out of range
    latent = gan.draw_latent(N_CLASSES, torch.Generator().manual_seed(5))
    return SimpleNamespace(gan=gan, own=own, latent=latent)
