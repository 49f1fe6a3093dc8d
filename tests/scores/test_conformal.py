"""Conformal sets by their definition: how often they hold the true class, and how many classes they have."""

import math

import pytest
import torch

from uqgen.scores import SCORES, get_score


def classified(n, n_classes=6, scale=2.0, claims=1.0):
    """Logits and labels drawn from their softmax; the logits claim more than they should."""
    logits = torch.randn(n, n_classes) * scale
    return logits * claims, logits.softmax(dim=1).multinomial(1).squeeze(1)


def needed(logits, labels, drawn):
    """The mass that the set must have to hold the label: Romano et al. (2020), equation 6, in plain words."""
    found = []
    for p, label, u in zip(logits.double().softmax(dim=1).tolist(), labels.tolist(), drawn.tolist(), strict=True):
        found.append(sum(other for other in p if other > p[label]) + u * p[label])
    return torch.tensor(found)


def fitted(level, n=2_000, **settings):
    return get_score("conformal", level=level).fitted(*classified(n, **settings))


@pytest.mark.parametrize("level", [0.05, 0.1, 0.3])
@pytest.mark.parametrize("claims", [0.5, 1.0, 3.0])
def test_the_set_holds_the_true_class_as_often_as_promised_however_wrong_the_probabilities(level, claims):
    score = fitted(level, claims=claims)
    logits, labels = classified(5_000, claims=claims)
    covered = needed(logits, labels, torch.rand(5_000)) <= score.parameters["mass"]
    # The standard deviation of both samples together is 0.0125 at most.
    assert covered.float().mean().item() == pytest.approx(1 - level, abs=0.04)


def test_it_is_the_mean_size_of_the_sets_over_what_is_drawn():
    score = fitted(0.1)
    logits, _labels = classified(40)
    n_drawn, sizes = 2_000, torch.zeros(40)
    for label in range(6):
        labels = torch.full((40,), label)
        for_zero, for_one = (needed(logits, labels, torch.full((40,), u)) for u in (0.0, 1.0))
        u = (torch.arange(n_drawn) + 0.5) / n_drawn
        sizes += (for_zero[:, None] + u * (for_one - for_zero)[:, None] <= score.parameters["mass"]).float().mean(dim=1)
    torch.testing.assert_close(score(logits, torch.zeros(40, dtype=torch.int64)), sizes, atol=6 / n_drawn, rtol=0)


def test_the_mass_is_the_quantile_of_split_conformal_prediction():
    """Of certain and right answers what is needed is the number drawn, which is uniform in [0, 1]."""
    n, level = 999, 0.1
    logits, labels = 1e4 * torch.eye(3)[torch.arange(n) % 3], torch.arange(n) % 3
    mass = get_score("conformal", level=level).fitted(logits, labels).parameters["mass"]
    # The 900th of 999 uniform numbers has a beta distribution of mean 0.9 and standard deviation 0.0095.
    assert mass == pytest.approx(math.ceil((n + 1) * (1 - level)) / (n + 1), abs=0.04)
    again = get_score("conformal", level=level).fitted(logits, labels)
    assert again.parameters["mass"] == mass


def test_too_few_images_to_promise_anything_give_sets_of_all_classes():
    score = get_score("conformal", level=0.1).fitted(*classified(8))  # (8 + 1) * 0.9 is more than 8
    assert score.parameters == {"mass": 1.0}
    assert score(torch.zeros(1, 6), torch.tensor([0])).item() == pytest.approx(6)


def test_mistakes_that_are_certain_are_answered_with_every_class_in_the_range():
    wrong = 1e4 * torch.eye(3)[torch.zeros(100, dtype=torch.int64)]
    score = get_score("conformal").fitted(wrong, torch.ones(100, dtype=torch.int64))
    found = score(torch.cat([wrong[:1], torch.zeros(1, 3)]), torch.zeros(2, dtype=torch.int64))
    low, high = SCORES["conformal"].range(3)
    assert low <= found.min()
    assert found.max() <= high + 1e-6
    assert found.isfinite().all()
