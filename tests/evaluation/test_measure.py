"""A generator whose images are real ones of the class and score asked: what it must obtain is known beforehand."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.data.moons import MoonsDataModule
from uqgen.evaluation.generated import fixed_noise, generate
from uqgen.evaluation.measure import Evaluator
from uqgen.evaluation.settings import EvaluationSettings
from uqgen.networks.latent import Latent
from uqgen.scores import get_score


class Upper(nn.Module):
    """Logits (a y, -a y): p(upper moon) grows with the second coordinate, at a rate of its own."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = nn.Parameter(torch.tensor(rate))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logit = self.rate * (x[:, 1] - 0.25)
        return torch.stack([logit, -logit], dim=1)


class Generator:
    def draw_latent(self, n: int, rng: torch.Generator) -> Latent:
        return Latent(torch.randn(n, 1, generator=rng))


class Oracle:
    """Stands in for a trained GAN: for each condition the real point of that class whose score is nearest."""

    device = torch.device("cpu")
    generator = Generator()

    def __init__(self, x: torch.Tensor, own: Condition) -> None:
        self.x, self.own = x, own

    def generate(self, latent: Latent, condition: Condition) -> torch.Tensor:
        distance = (condition.score[:, None] - self.own.score[None, :]).abs()
        distance[condition.label[:, None] != self.own.label[None, :]] = 9
        return self.x[distance.argmin(dim=1)]


@pytest.fixture(scope="module")
def data() -> MoonsDataModule:
    data = MoonsDataModule(n_train=3_000, n_validation=500, n_test=2_000)
    data.setup()
    return data


@pytest.fixture(scope="module")
def evaluator(data) -> Evaluator:
    target, score = FrozenClassifier(Upper(2.0)), get_score("msp")
    own = Condition(data.train.label, score(target.predict(data.train.x), data.train.label))
    judges = {"same": FrozenClassifier(Upper(2.0)), "other": FrozenClassifier(Upper(0.7))}
    settings = EvaluationSettings(n_images=1_000, n_resamples=50, reachable={"msp": [0.5, 0.95]})
    return Evaluator(data, target, judges, score, own, target.predict(data.test.x), settings)


@pytest.fixture(scope="module")
def measured(data, evaluator):
    return evaluator.measure(Oracle(data.train.x, evaluator.own))


def test_real_images_of_the_score_asked_obtain_it(measured):
    assert measured.protocols["data"].in_vs_out.mae.value == pytest.approx(0, abs=1e-6)
    assert measured.protocols["data"].in_vs_out.pearson.value == pytest.approx(1, abs=1e-6)
    assert measured.protocols["uniform"].in_vs_out.mae.value < 0.005


def test_the_uniform_protocol_asks_uniformly_and_independently_of_the_class(measured):
    asked = measured.generated["uniform"].asked
    assert 0.5 <= asked.score.min() < 0.51
    assert 0.94 < asked.score.max() <= 0.95
    assert asked.score.mean() == pytest.approx(0.725, abs=0.02)
    assert abs(torch.corrcoef(torch.stack([asked.label.float(), asked.score]))[0, 1]) < 0.1


def test_the_data_protocol_asks_as_the_training_data_are(measured, evaluator):
    asked = measured.generated["data"].asked
    assert asked.score.mean() == pytest.approx(evaluator.own.score.mean().item(), abs=0.02)
    assert set(asked.score.tolist()) <= set(evaluator.own.score.tolist())


def test_class_agreement_is_the_accuracy_of_the_target_on_what_was_made(measured):
    made = measured.generated["data"]
    truth = ((made.x[:, 1] > 0.25).long() == 1 - made.asked.label).float().mean().item()
    assert measured.protocols["data"].class_agreement.value == pytest.approx(truth)


def test_a_judge_that_is_the_target_agrees_and_another_one_as_on_real_images(measured):
    judges = measured.protocols["data"].judges
    assert judges["same"].mae.value == pytest.approx(0, abs=1e-6)
    assert judges["other"].mae.value == pytest.approx(measured.real_judges["other"].mae.value, abs=0.01)
    assert measured.real_judges["same"].mae.value == pytest.approx(0, abs=1e-6)


def test_a_calibrated_score_is_fitted_to_each_judge_anew(data, evaluator):
    validation = data.validation
    score = get_score("msp_calibrated").fitted(evaluator.target.predict(validation.x), validation.label)
    own = Condition(data.train.label, score(evaluator.target.predict(data.train.x), data.train.label))
    measured = replace(evaluator, score=score, own=own).measure(Oracle(data.train.x, own))
    # The other judge's logits are the target's times 0.35: at a temperature that is as much lower, the same thing.
    assert measured.real_judges["other"].mae.value == pytest.approx(0, abs=1e-5)
    assert measured.protocols["uniform"].judges["other"].mae.value < 0.005
    assert evaluator.measure(Oracle(data.train.x, evaluator.own)).real_judges["other"].mae.value > 0.05


def test_real_points_are_about_as_near_to_the_training_data_as_test_points(measured):
    realism = measured.realism
    assert realism.images is None
    assert realism.sliced_wasserstein < 2 * realism.sliced_wasserstein_floor


def test_points_moved_away_are_farther(data, evaluator, measured):
    moved = evaluator.measure(Oracle(data.train.x + 1, evaluator.own)).realism
    assert moved.sliced_wasserstein > measured.realism.sliced_wasserstein + 0.5


def test_the_same_seed_makes_the_same_images(data, evaluator):
    class Noisy(Oracle):
        def generate(self, latent, condition):
            return super().generate(latent, condition) + latent.z

    asked = Condition(torch.tensor([0, 1, 1]), torch.tensor([0.6, 0.7, 0.8]))
    first, again, other = (
        generate(Noisy(data.train.x, evaluator.own), asked, evaluator.target, {}, evaluator.score, seed).x
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_fixed_noise_is_the_same_along_a_column(data, evaluator):
    class Echo(Oracle):
        def generate(self, latent, condition):
            return torch.stack([latent.z[:, 0], condition.score], dim=1)

    made, asked = fixed_noise(Echo(data.train.x, evaluator.own), 2, [1.0, 0.7, 0.5], seed=3)
    rows = made.view(3, 2, 2)
    assert torch.equal(rows[0, :, 0], rows[2, :, 0])
    assert rows[:, 0, 1].tolist() == pytest.approx([1.0, 0.7, 0.5])
    assert asked.label.view(3, 2).tolist() == [[0, 1]] * 3


def test_without_a_reachable_range_it_is_that_of_the_data(data, evaluator):
    real = torch.linspace(0, 1, 10_001)
    low, high = EvaluationSettings().asked_range(get_score("entropy"), real)
    assert (low, high) == pytest.approx((0.001, 0.999), abs=1e-4)
