"""Measuring two scores: generators that follow both, or the first alone."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.predictions import SPLITS
from uqgen.conditioning.condition import Condition
from uqgen.data.moons import MoonsDataModule
from uqgen.evaluation import results_json
from uqgen.evaluation.evaluation_settings import EvaluationSettings
from uqgen.evaluation.measure import Evaluator
from uqgen.generators.latent import Latent
from uqgen.metrics.metric import per_protocol, scalars
from uqgen.metrics.plain import as_plain
from uqgen.scores import get_score


class Upright(nn.Module):
    """Three members [N, 3, 2]: they agree on the left, and the less the farther a point is to the right."""

    def __init__(self, spread: float) -> None:
        super().__init__()
        self.spread = nn.Parameter(torch.tensor(spread))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shift = self.spread * (x[:, :1] + 2) * torch.tensor([-1.0, 0.0, 1.0])
        logit = 2 * (x[:, 1:] - 0.25) + shift
        return torch.stack([logit, -logit], dim=2)


class Nearest:
    """Stands in for a trained GAN: the real point of the class whose scores, or first score, are nearest."""

    device = torch.device("cpu")
    guidance = None

    def guided_by(self, guidance: None) -> nullcontext:
        return nullcontext()

    def __init__(self, x: torch.Tensor, own: Condition, columns: slice) -> None:
        self.x, self.own, self.columns = x, own, columns

    def draw(self, n: int, conditions: list[Condition], rng: torch.Generator, share: slice = slice(None)) -> Latent:
        return Latent(torch.randn(n, 1, generator=rng)).select(share)

    def __call__(self, latent: Latent, condition: Condition) -> torch.Tensor:
        requested = condition if condition.second is not None else condition._replace(second=condition.score / 2)
        distance = torch.cdist(requested.scores[:, self.columns], self.own.scores[:, self.columns])
        distance[condition.label[:, None] != self.own.label[None, :]] = 9
        return self.x[distance.argmin(dim=1)]


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    data = MoonsDataModule(n_train=3_000, n_validation=500, n_test=1_000)
    data.setup()
    target, score = FrozenClassifier(Upright(0.4)), get_score("entropy", "mutual_information")
    logits = {split: target.predict(getattr(data, split).x) for split in SPLITS}
    label = data.train.label
    own = Condition(label, score(logits["train"], label), None, score.second(logits["train"], label))
    judges = {"same": FrozenClassifier(Upright(0.4)), "other": FrozenClassifier(Upright(0.2))}
    settings = EvaluationSettings(n_images=600, n_resamples=20, n_at_sampling=50, n_recalibration=50)
    return Evaluator(data, target, judges, score, own, logits, settings)


@pytest.fixture(scope="module")
def both(evaluator):
    return evaluator.measure(Nearest(evaluator.data.train.x, evaluator.own, slice(0, 2)))


@pytest.fixture(scope="module")
def first_alone(evaluator):
    return evaluator.measure_in_training(Nearest(evaluator.data.train.x, evaluator.own, slice(0, 1)))


def test_the_second_score_requested_is_one_that_can_be_had(both, evaluator):
    for protocol in ("data", "uniform"):
        requested = both.generated[protocol].requested
        assert (requested.second <= requested.score + 0.01).all()
        assert both.generated[protocol].second.requested.score.equal(requested.second)
    real = evaluator.score.second(evaluator.logits["test"], evaluator.data.test.label)
    assert set(both.generated["data"].requested.second.tolist()) <= set(real.tolist())
    spread, own = both.generated["uniform"].requested.second.std(), evaluator.own.second.std()
    assert spread > own / 2


def test_real_points_of_both_scores_obtain_both_and_each_follows_its_own_request(both):
    assert both.second.name == "mutual_information"
    for protocol in ("data", "uniform"):
        for result in (both.protocols[protocol], both.second.protocols[protocol]):
            assert result.in_vs_out.pearson.value > 0.99
        found = both.second.disentanglement[protocol]
        assert found.first_on_first.slope.value == pytest.approx(1, abs=0.05)
        assert found.second_on_second.slope.value == pytest.approx(1, abs=0.05)
        assert found.first_on_second.slope.value == pytest.approx(0, abs=0.05)
        assert found.second_on_first.slope.value == pytest.approx(0, abs=0.05)


def test_who_follows_the_first_score_alone_is_found_out(first_alone):
    found = first_alone.second.disentanglement["uniform"]
    assert first_alone.protocols["uniform"].in_vs_out.pearson.value > 0.99
    assert first_alone.second.protocols["uniform"].in_vs_out.pearson.value > 0.2  # the first brings some of it along
    assert found.first_on_first.slope.value == pytest.approx(1, abs=0.05)
    assert abs(found.second_on_second.pearson.value) < 0.12
    assert abs(found.second_on_second.slope.value) < 0.12


def test_the_second_score_is_measured_as_if_it_were_the_only_one(both, evaluator):
    alone = replace(evaluator, score=evaluator.score.second, own=evaluator.own.of_second())
    made = both.generated["uniform"]
    out = alone.score(evaluator.target.predict(made.x), made.requested.label)
    assert made.second.score_out.equal(out)
    assert both.second.real_judges == alone._real_judges()
    assert alone.requested_range[1] < 0.6 * evaluator.requested_range[1]
    assert both.second.protocols["uniform"].in_vs_out.curve[-1].high == pytest.approx(alone.requested_range[1])


def test_judges_say_of_the_second_score_what_they_do(both):
    judges = both.second.protocols["data"].judges
    assert judges["same"] == both.second.protocols["data"].in_vs_out
    assert judges["other"].bias.value < -0.01  # its members agree more
    assert both.second.real_judges["same"].mae.value == 0


def test_the_main_numbers_are_told_by_their_place(both):
    told = {
        name: value for name, value in scalars(results_json.measured(both)).items() if name.startswith("second_score/")
    }
    disentanglement = as_plain(both.second.disentanglement)
    for effect, numbers in disentanglement["uniform"].items():
        assert told[f"second_score/disentanglement/uniform/{effect}/slope"] == numbers["slope"]["value"]
    mae = both.second.protocols["data"].judges["other"].mae.value
    assert told["second_score/judges/data/other/mae"] == mae


@pytest.mark.usefixtures("registries")
def test_what_is_measured_per_protocol_is_measured_of_the_second_score_too(evaluator):
    per_protocol("largest")(lambda pairs: float(pairs.requested.max()))
    found = evaluator.measure_in_training(Nearest(evaluator.data.train.x, evaluator.own, slice(0, 2)))
    requested = {name: made.requested for name, made in found.generated.items()}
    results = results_json.measured(found)
    assert results["largest"] == {name: float(each.score.max()) for name, each in requested.items()}
    assert results["second_score"]["largest"] == {name: float(each.second.max()) for name, each in requested.items()}


def test_one_score_alone_leaves_no_second(evaluator):
    alone = replace(evaluator, score=get_score("entropy"), own=evaluator.own._replace(second=None))
    found = alone.measure_in_training(Nearest(evaluator.data.train.x, evaluator.own, slice(0, 1)))
    assert found.second is None
    assert found.generated["uniform"].second is None
    assert not any(name.startswith("second_score") for name in scalars(results_json.measured(found)))
