"""A generator that achieves a known function of what it is fed: what help at sampling time must reach is known."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from uqgen import seeding
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.drawn_conditions import uniform_conditions
from uqgen.evaluation.at_sampling import measure_at_sampling
from uqgen.evaluation.evaluation_settings import EvaluationSettings
from uqgen.evaluation.judge import Judge
from uqgen.generators.latent import Latent
from uqgen.scores import get_score

RANGE = (0.55, 0.95)
SETTINGS = EvaluationSettings(n_resamples=20, best_of=6, n_recalibration=4_000)


class Upper(nn.Module):
    """Logits (a y, -a y) of a point's second coordinate y."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = nn.Parameter(torch.tensor(rate))

    def forward(self, x):
        return torch.stack([self.rate * x[:, 1], -self.rate * x[:, 1]], dim=1)


class Bent:
    """Points of the class fed whose MSP, to `Upper(1)`, is 0.5 + 0.4 fed, but for noise in the logit.

    Of the points of class 1 a third, at random, are of class 0.
    """

    device = torch.device("cpu")

    def __init__(self, noise: float) -> None:
        self.noise = noise

    def draw(self, n, conditions, rng, share=slice(None)):
        return Latent(torch.randn(n, 2, generator=rng)).select(share)

    def __call__(self, latent, condition):
        logit = (0.5 + 0.4 * condition.score).logit() + self.noise * latent.z[:, 0]
        sign = torch.where((condition.label == 1) & (latent.z[:, 1] > -0.43), -1.0, 1.0)
        return torch.stack([torch.zeros_like(logit), sign * logit / 2], dim=1)


@pytest.fixture(scope="module")
def measure():
    requested = uniform_conditions(2_000, 2, *RANGE, seeding.generator(0, 1))
    target, msp = FrozenClassifier(Upper(1.0)), get_score("msp")
    judges = {name: Judge(FrozenClassifier(Upper(slope)), msp) for name, slope in (("same", 1.0), ("deaf", 0.0))}

    def call(noise, **settings):
        gan, changed = Bent(noise), replace(SETTINGS, **settings)
        return measure_at_sampling(gan, requested, target, judges, msp, 2, RANGE, changed, seed=0)

    return call


@pytest.fixture(scope="module")
def noisy(measure):
    return measure(0.5)


def test_every_kind_is_measured_at_its_cost(noisy):
    assert {name: way.cost for name, way in noisy.items()} == {
        "recalibrated": 1,
        "best_of": 6,
        "recalibrated_best_of": 6,
    }
    assert {way.in_vs_out.n for way in noisy.values()} == {2_000}


def test_without_noise_only_the_correction_helps(measure):
    ways = measure(0.0)
    # From 0.55 to 0.95 the mean of |0.5 - 0.6 requested| is (0.17^2 + 0.07^2) / (2 * 0.6 * 0.4) = 0.0704.
    assert ways["best_of"].in_vs_out.mae.value == pytest.approx(0.0704, abs=0.003)
    # Corrected, only what lies beyond the reach, 0.72 to 0.88, misses: (0.17^2 + 0.07^2) / (2 * 0.4) = 0.0423.
    assert ways["recalibrated"].in_vs_out.mae.value == pytest.approx(0.0423, abs=0.003)
    assert ways["recalibrated_best_of"].in_vs_out == ways["recalibrated"].in_vs_out


def test_with_noise_the_correction_takes_the_bias_and_the_best_of_several_the_error(measure, noisy):
    raw = measure(0.5, best_of=1)["best_of"]
    mae = {name: way.in_vs_out.mae.value for name, way in {"raw": raw, **noisy}.items()}
    assert mae["best_of"] < 0.6 * mae["raw"]
    assert mae["recalibrated_best_of"] < 0.6 * mae["recalibrated"]
    assert abs(noisy["recalibrated"].in_vs_out.bias.value) < abs(raw.in_vs_out.bias.value)


def test_judges_and_class_agreement_are_those_of_the_images_kept(noisy):
    for way in noisy.values():
        assert way.judges["same"] == way.in_vs_out
        assert way.judges["deaf"].mae.value == pytest.approx(0.25, abs=0.01)  # mean of requested - 0.5
        assert way.class_agreement.value == pytest.approx((1 + 2 / 3) / 2, abs=0.03)
