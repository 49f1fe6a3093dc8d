"""How far a classifier is ahead of its judges, by hand."""

import numpy as np
import pytest
import torch

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.explanation.own_weakness import lead_over_judges
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
