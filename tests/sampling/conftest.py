"""Stands in for a trained GAN and its target: what is achieved is a known function of what was fed and of the noise."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.generators.latent import Latent
from uqgen.scores import Score

N_CLASSES = 2


class StandIn:
    """Makes points that obtain `response(latent, condition)`, float32 [N], as the logit of the class fed."""

    device = torch.device("cpu")

    def __init__(self, response: Callable[[Latent, Condition], Tensor]) -> None:
        self.response = response
        self.drawn: list[Latent] = []

    def draw(self, n: int, conditions: list[Condition], rng: torch.Generator, share: slice = slice(None)) -> Latent:
        latent = Latent(torch.randn(n, 1, generator=rng), (torch.randn(n, 1, 2, 2, generator=rng),))
        self.drawn.append(latent)
        return latent.select(share)

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        logits = torch.full((len(latent), N_CLASSES), -7.0)
        return logits.scatter(1, condition.label[:, None], self.response(latent, condition)[:, None])


class Identity(nn.Module):
    """The logits are the point itself."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * x


@pytest.fixture
def stand_in() -> type[StandIn]:
    return StandIn


@pytest.fixture
def target() -> FrozenClassifier:
    return FrozenClassifier(Identity())


@pytest.fixture
def own_logit() -> Score:
    """A score without bounds that needs the class."""
    infinite = (-torch.inf, torch.inf)
    return Score("own_logit", lambda z, y: z.gather(1, y[:, None])[:, 0], lambda n_classes: infinite, "confident")
