"""A small model of each family and a linear classifier, of which everything is known."""

from collections.abc import Sequence
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.softmax import SoftmaxEncoding
from uqgen.generators.flow.module import ConditionalFlow
from uqgen.generators.flow.sampling import FlowSampling
from uqgen.generators.flow.training import FlowTraining
from uqgen.generators.flow.velocity import Velocity
from uqgen.generators.gan.module import ConditionalGAN
from uqgen.generators.gan.stylegan2 import Discriminator, Generator
from uqgen.generators.gan.training import GANTraining
from uqgen.generators.inversion import Inversion

N_CLASSES, SHAPE = 3, (1, 8, 8)


@pytest.fixture
def linear() -> FrozenClassifier:
    """Logits that are linear in the pixels of an 8 x 8 image, of two classes."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    with torch.no_grad():
        direction = torch.randn(64, generator=torch.Generator().manual_seed(1)) / 8
        network[1].weight.copy_(torch.stack([direction, -direction]))
        network[1].bias.zero_()
    return FrozenClassifier(network)


class Shrinking(Velocity):
    """A velocity towards an image that the condition determines, with something of the image's own."""

    def __init__(self, part_dims: Sequence[int]) -> None:
        super().__init__()
        self.aim = nn.Linear(sum(part_dims), 64)
        self.conv = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x: Tensor, time: Tensor, parts: Sequence[Tensor], keep: Tensor | None = None) -> Tensor:
        aim = self.aim(torch.cat(list(parts), dim=1)).view(-1, 1, 8, 8)
        return aim - 2 * x + self.conv(x).tanh() * (1 - time).view(-1, 1, 1, 1) / 2


def small_gan(encoding: SoftmaxEncoding) -> ConditionalGAN:
    channels = (16, 8)
    generator = Generator(SHAPE, encoding.part_dims, channels, latent_dim=2, w_dim=32, mapping_depth=1)
    discriminator = Discriminator(SHAPE, encoding.part_dims, channels, w_dim=4, mapping_depth=1, features=8)
    gan = ConditionalGAN(generator, discriminator, encoding, GANTraining(n_images=64, batch_size=8))
    for layer in gan.ema.module.to_image:
        layer.weight.data.mul_(0.1)  # so that no pixel is out of range
    return gan


def small_flow(encoding: SoftmaxEncoding) -> ConditionalFlow:
    velocity, training = Shrinking(encoding.part_dims), FlowTraining(n_images=64, batch_size=8)
    return ConditionalFlow(velocity, SHAPE, encoding, training, FlowSampling())


@pytest.fixture(params=["gan", "flow"])
def small(request: pytest.FixtureRequest) -> SimpleNamespace:
    """A model of 8 x 8 images given the softmax vector, not trained, three conditions, and what it makes of them."""
    torch.manual_seed(0)
    vectors = torch.tensor([[0.8, 0.15, 0.05], [0.1, 0.7, 0.2], [0.25, 0.15, 0.6]])
    own = Condition(torch.arange(N_CLASSES), vectors.amax(dim=1), vectors)
    encoding = SoftmaxEncoding(N_CLASSES, own)
    model = {"gan": small_gan, "flow": small_flow}[request.param](encoding)
    inverter, latent = model.inverter(), model.draw_latent(N_CLASSES, torch.Generator().manual_seed(5))
    parts = encoding(own)
    with torch.no_grad():
        code = inverter.code(latent, parts)
        made = inverter.decode(code, latent, parts)
    known = Inversion(made.clamp(-1, 1), own, latent, torch.zeros_like(code), made)
    return SimpleNamespace(model=model, inverter=inverter, own=own, known=known)
