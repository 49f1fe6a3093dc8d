"""Codes are images, 10 higher: steps, as long as a share of a code, can be long.

The target sees the mean of an image and, twice as strongly, a checkerboard pattern, which one pixel turns round.
"""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.data.labelled import to_uint8, unit_range
from uqgen.explanation import guided_search
from uqgen.explanation.edits import pixel_distance
from uqgen.explanation.guided_search import GuidedSearch, OpenEdits
from uqgen.explanation.shifted_views import shifted_views
from uqgen.generators.inversion import Inversion
from uqgen.generators.latent import Latent
from uqgen.guidance.guidance import Guidance
from uqgen.scores import get_score

MSP, SIZE, N = get_score("msp"), 8, 3
REQUESTED = torch.tensor([0.6, 0.7, 0.8])


class MeanAndPattern(nn.Module):
    def __init__(self):
        super().__init__()
        place = torch.arange(SIZE)
        self.pattern = nn.Parameter((-1.0) ** (place[:, None] + place))

    def forward(self, x):
        odds = 3 + 10 * x.mean(dim=(1, 2, 3)) + 20 * (x * self.pattern).mean(dim=(1, 2, 3))
        return torch.stack([odds, torch.zeros_like(odds)], dim=1)


@pytest.fixture
def target():
    return FrozenClassifier(MeanAndPattern())


def search(target, views):
    inverter = SimpleNamespace(code=lambda latent, parts: 0.0, decode=lambda code, latent, parts: code - 10)
    return GuidedSearch(inverter, target, views, MSP, tolerance=0.02, n_steps=40)


def edited(search, target):
    """Images grey at first, of MSP 0.95: as they are, and edited to the scores requested."""
    x = torch.zeros(N, 1, SIZE, SIZE)
    own = Condition(torch.zeros(N, dtype=torch.int64), torch.full((N,), 0.95))
    latent = Latent(torch.zeros(N, 1))
    begun = Inversion(x=x, own=own, latent=latent, offset=x + 10, reconstruction=x)
    edits = OpenEdits(
        begun, (), REQUESTED, [lambda change: change], torch.zeros(N, dtype=torch.int64), torch.full((N,), torch.inf)
    )
    return to_uint8(x), search(Guidance((target,), MSP, (0.5, 1.0)), edits, to_uint8(x))


def scores(classifiers, x):
    label = torch.zeros(N, dtype=torch.int64)
    return torch.stack([MSP(each(unit_range(x)), label) for each in classifiers]).mean(dim=0)


def test_the_score_is_reached_and_holds_although_most_of_its_gradient_is_a_pattern(target, monkeypatch):
    monkeypatch.setattr(guided_search, "FAR", 100)
    views = shifted_views(target)
    _, x = edited(search(target, views), target)
    for seen in ((target,), views):
        assert (scores(seen, x) - REQUESTED).abs().max() <= 0.02


def test_an_edit_changes_no_further_than_it_may(target, monkeypatch):
    views = shifted_views(target)
    given, reached = edited(search(target, (target,)), target)  # which sees nothing moved
    assert (scores((target,), reached) - REQUESTED).abs().max() <= 0.02
    assert (scores(views, reached) - REQUESTED).abs().min() > 0.02
    monkeypatch.setattr(guided_search, "FAR", 1.01)
    _, x = edited(search(target, views), target)
    assert (pixel_distance(x, given) <= 1.01 * pixel_distance(reached, given)).all()
    assert (scores(views, x) - REQUESTED).abs().min() > 0.02
