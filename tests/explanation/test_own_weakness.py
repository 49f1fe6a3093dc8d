"""How far a classifier is ahead of its judges, by hand."""

import numpy as np
import pytest
import torch

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.explanation.own_weakness import furthest_behind, is_below_zero, lead_over_judges
from uqgen.guidance.guidance import class_log_odds


@pytest.mark.parametrize("shape", [(5, 4), (5, 3, 4)])
def test_log_odds_are_of_the_class_against_all_others(shape):
    logits = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    label = torch.tensor([0, 1, 2, 3, 0])
    probability = logits.softmax(dim=-1)
    probability = probability.mean(dim=1) if len(shape) == 3 else probability
    own = probability[torch.arange(5), label]
    torch.testing.assert_close(class_log_odds(predictive_logits(logits), label), torch.log(own / (1 - own)))


def test_the_lead_is_the_probability_of_the_class_less_the_mean_of_the_judges():
    label = torch.tensor([0, 1])
    mine, first, second = (torch.log(torch.tensor(p)) for p in (
        [[0.2, 0.8], [0.5, 0.5]], [[0.6, 0.4], [0.1, 0.9]], [[0.8, 0.2], [0.3, 0.7]],
    ))  # fmt: skip
    np.testing.assert_allclose(lead_over_judges(mine, [first, second], label), [0.2 - 0.7, 0.5 - 0.8], atol=1e-6)


def test_the_class_furthest_behind_is_one_beyond_chance():
    rng, label = np.random.default_rng(0), torch.arange(1_000) % 20
    lead = rng.normal(0, 0.2, 1_000)
    lead[label == 3] -= 0.2
    lead[label == 5] -= 0.3
    assert furthest_behind(lead, label) == 5
    lead[-1], label[-1] = -1, 20  # of one image nothing is known
    assert furthest_behind(lead, label) == 5


@pytest.mark.slow
def test_of_many_classes_that_are_level_with_the_judges_hardly_ever_one_is_behind():
    label = torch.arange(600) % 20
    leads = np.random.default_rng(0).normal(0, 0.2, (200, 600))
    found = [furthest_behind(lead, label) is not None for lead in leads]
    assert np.mean(found) < 0.1  # the lowest of 20 means is below 0 in each


@pytest.mark.parametrize(("values", "is_below"), [([-0.1, -0.1], True), ([0.0, 0.0], False), ([-0.1], False)])
def test_values_that_are_all_the_same_are_below_zero_or_not(values, is_below):
    assert is_below_zero(np.array(values), 3) is is_below
