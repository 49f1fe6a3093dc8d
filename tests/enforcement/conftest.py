"""A classifier whose logits are its input, and a discriminator that says what it was shown."""

import pytest
import torch
from torch import Tensor, nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.paper import PaperEncoding
from uqgen.enforcement.enforcement import EnforcementContext
from uqgen.generators.gan.mlp import MLPDiscriminator
from uqgen.scores import get_score

N, K = 400, 3


@pytest.fixture
def real() -> Condition:
    """Of every image, another score."""
    return Condition(torch.arange(N) % K, torch.linspace(1 / K, 1, N))


@pytest.fixture
def given(real) -> EnforcementContext:
    encoding = PaperEncoding(K, real, standardise=False)
    discriminator = MLPDiscriminator((K,), encoding.part_dims, hidden=8, depth=3)
    target = FrozenClassifier(Scale())

    surrogates = (FrozenClassifier(Scale()), FrozenClassifier(Scale()))
    return EnforcementContext(target, surrogates, get_score("msp"), encoding, discriminator, real)


class Scale(nn.Module):
    """Logits are the input times 1, with a weight, as a classifier has some."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight
