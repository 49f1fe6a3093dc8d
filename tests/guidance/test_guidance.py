import math

import pytest
import torch
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.log_odds import MARGIN
from uqgen.guidance.guidance import (
    Guidance,
    bounded_newton_step,
    class_log_odds,
    shortened,
)
from uqgen.guidance.guidance_settings import GuidanceSettings
from uqgen.scores import get_score
from uqgen.settings import SettingError

ENDS = (0.5, 1.0)  # of MSP with two classes


class Logistic(nn.Module):
    """Two classes whose log-odds are a linear function of a point."""

    def __init__(self, *weight: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        odds = x @ self.weight
        return torch.stack([torch.zeros_like(odds), odds], dim=1)


def guided(*weights: tuple[float, ...], **settings: float) -> Guidance:
    classifiers = tuple(FrozenClassifier(Logistic(*weight)) for weight in weights)
    return Guidance(classifiers, get_score("msp"), ENDS, **settings)


def requested(*scores: float) -> Condition:
    return Condition(torch.ones(len(scores), dtype=torch.int64), torch.tensor(scores))


def led(guidance: Guidance, x: torch.Tensor, condition: Condition, n_steps: int, bound: float = 10.0) -> torch.Tensor:
    for _ in range(n_steps):
        x = x + guidance.step(x, lambda code: code, condition, bound)
    return x


def test_a_newton_step_solves_a_linear_equation():
    gradient = torch.randn(5, 2, 3, dtype=torch.float64)
    residual = torch.randn(5, dtype=torch.float64)
    step = bounded_newton_step(residual, gradient, math.inf)
    torch.testing.assert_close(residual + (step * gradient).sum(dim=(1, 2)), torch.zeros(5, dtype=torch.float64))
    # The shortest of all solutions is along the gradient.
    cosine = torch.cosine_similarity(step.flatten(1), gradient.flatten(1)).abs()
    torch.testing.assert_close(cosine, torch.ones_like(cosine))


def test_a_step_is_no_longer_than_its_bound_and_one_of_no_gradient_is_none():
    step = shortened(torch.randn(7, 2, 3) * 10, torch.linspace(0, 3, 7))
    torch.testing.assert_close(step.flatten(1).norm(dim=1), torch.linspace(0, 3, 7))
    short = torch.full((1, 2), 0.1)
    torch.testing.assert_close(shortened(short, 5.0), short)
    assert bounded_newton_step(torch.ones(1), torch.zeros(1, 4), 1.0).abs().sum() == 0


@pytest.mark.parametrize("score", [0.55, 0.7, 0.9, 0.99])
def test_steps_lead_to_the_score_requested(score):
    guidance, condition = guided((2.0, -1.0)), requested(*[score] * 3)
    x = led(guidance, torch.tensor([[2.0, 0.0], [0.1, 0.3], [-1.0, 0.5]]), condition, 8)
    achieved = guidance.score(guidance.classifiers[0](x), condition.label)
    torch.testing.assert_close(achieved, condition.score, atol=1e-3, rtol=0)


def test_a_request_for_the_end_is_met_within_the_margin_and_not_pursued_beyond():
    guidance, condition = guided((1.0, 0.0)), requested(1.0, 1.0)
    x = torch.tensor([[9.0, 0.0], [2.0, 0.0]])  # one is there, one is not
    assert torch.equal(led(guidance, x, condition, 1)[0], x[0])
    achieved = guidance.score(guidance.classifiers[0](led(guidance, x, condition, 8)), condition.label)
    assert (achieved >= ENDS[1] - 1.01 * MARGIN * (ENDS[1] - ENDS[0])).all()


def test_at_the_other_end_an_image_still_moves():
    # A clamped log-odds has no gradient there: an image of MSP 1 could not be led away from it.
    guidance, condition = guided((1.0, 0.0)), requested(0.7)
    x = torch.tensor([[8.0, 0.0]])  # MSP 0.9997, within the margin
    achieved = guidance.score(guidance.classifiers[0](led(guidance, x, condition, 12)), condition.label)
    torch.testing.assert_close(achieved, condition.score, atol=1e-3, rtol=0)


def test_strength_scales_a_step_and_zero_is_none():
    x, condition = torch.tensor([[2.0, 1.0]]), requested(0.6)
    whole, half, none = (guided((1.0, 0.5), strength=s).step(x, lambda c: c, condition, 0.1) for s in (1.0, 0.5, 0.0))
    torch.testing.assert_close(half, whole / 2)
    assert none.abs().sum() == 0


def test_several_classifiers_lead_by_the_mean_of_their_log_odds():
    x, condition = torch.randn(4, 2), requested(0.6, 0.7, 0.8, 0.9)
    one, other = (guided(weight).residual(x, condition) for weight in ((1.0, 0.5), (0.3, -1.0)))
    both = guided((1.0, 0.5), (0.3, -1.0)).residual(x, condition)
    torch.testing.assert_close(both, (one + other) / 2)


def test_class_log_odds_are_those_of_the_softmax():
    logits, label = torch.randn(6, 4), torch.tensor([0, 1, 2, 3, 0, 1])
    p = logits.softmax(dim=1).gather(1, label[:, None]).squeeze(1)
    torch.testing.assert_close(class_log_odds(logits, label), torch.logit(p))


def test_with_a_vector_the_class_comes_first_then_the_score():
    guidance = guided((2.0, -1.0))
    x = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-0.4, 0.1]])  # class 1, 1 and 0 are more probable
    wanted = torch.tensor([0, 1, 1])
    probabilities = torch.where(torch.eye(2)[wanted] > 0, 0.8, 0.2)
    condition = requested(0.8, 0.8, 0.8)._replace(probabilities=probabilities)
    residual = guidance.residual(x, condition)
    logits = guidance.classifiers[0](x)
    of_class = class_log_odds(logits, wanted) - torch.logit(torch.tensor(0.8))
    torch.testing.assert_close(residual[[0, 2]], of_class[[0, 2]])
    torch.testing.assert_close(residual[1], guidance.residual(x, requested(0.8, 0.8, 0.8))[1])
    x = led(guidance, x, condition, 8)
    assert torch.equal(guidance.classifiers[0](x).argmax(dim=1), wanted)
    torch.testing.assert_close(guidance.score(guidance.classifiers[0](x), wanted), torch.full((3,), 0.8))


def test_the_gradient_passes_through_what_decodes():
    guidance, condition = guided((2.0, 0.0)), requested(0.7)
    code = torch.tensor([[0.2]])
    for _ in range(8):
        code = code + guidance.step(code, lambda c: torch.cat([c.exp(), c], dim=1), condition, 5.0)
    x = torch.cat([code.exp(), code], dim=1)
    torch.testing.assert_close(guidance.score(guidance.classifiers[0](x), condition.label), condition.score)


def test_a_step_is_the_same_however_few_images_a_classifier_s_memory_bears(monkeypatch):
    guidance, x, condition = guided((2.0, -1.0), (1.0, 0.5)), torch.randn(7, 2), requested(*[0.7] * 7)
    expected = guidance.step(x, torch.sin, condition, 5.0)
    sizes = []
    guidance.classifiers[0].network.register_forward_hook(lambda _, given, __: sizes.append(len(given[0])))
    monkeypatch.setattr(FrozenClassifier, "at_once", lambda self, x: 6)  # of both, which keep theirs together, 3
    torch.testing.assert_close(guidance.step(x, torch.sin, condition, 5.0), expected)
    assert sizes == [3, 3, 1]


def test_settings_choose_who_leads():
    target, *surrogates = (FrozenClassifier(Logistic(float(i), 1.0)) for i in range(4))
    real = torch.tensor([0.6, 0.9, 0.7])

    def leaders(classifiers: str, n: int) -> tuple[FrozenClassifier, ...]:
        settings = GuidanceSettings(0.5, classifiers, n)
        return settings.build(target, surrogates, get_score("msp"), real).classifiers

    assert leaders("target", 0) == (target,)
    assert leaders("mixture", 2) == (target, *surrogates[:2])
    assert leaders("surrogates", 3) == tuple(surrogates)
    built = GuidanceSettings(0.5).build(target, [], get_score("msp"), real)
    assert built.strength == 0.5
    assert built.ends == pytest.approx((0.6, 0.9))


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"strength": -1.0}, "strength"),
        ({"classifiers": "judge"}, "classifiers"),
        ({"n_surrogates": 2}, "n_surrogates"),
        ({"classifiers": "mixture"}, "n_surrogates"),
    ],
)
def test_settings_out_of_range_are_refused(settings, name):
    with pytest.raises(SettingError, match=f"^{name}="):
        GuidanceSettings(**settings)
