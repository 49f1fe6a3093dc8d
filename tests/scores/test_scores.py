import math

import hydra
import pytest
import torch
from omegaconf import OmegaConf
from scipy import stats

from uqgen.config import CONF
from uqgen.scores import SCORES, Score, get_score
from uqgen.settings import SettingError

PROBABILITIES = torch.tensor([[0.7, 0.2, 0.1], [0.25, 0.35, 0.4], [0.05, 0.9, 0.05]])
LABELS = torch.tensor([0, 1, 2])
BY_HAND = {
    "msp": [0.7, 0.4, 0.9],
    "msp_calibrated": [0.7, 0.4, 0.9],  # before it is fitted
    "margin": [0.5, 0.05, 0.85],
    "true_class": [0.7, 0.35, 0.05],
    "entropy": [stats.entropy(p) for p in PROBABILITIES.tolist()],
    "energy": [-3.0, -3.0, -3.0],  # logits are log p + 3, so their exponentials add up to e^3
    "max_logit": [3 + math.log(p) for p in (0.7, 0.4, 0.9)],
    "odin_temperature": [
        q / sum(qs) for p in PROBABILITIES.tolist() for qs in [[x**0.001 for x in p]] for q in [max(qs)]
    ],
    "gen": [sum((x * (1 - x)) ** 0.1 for x in p) for p in PROBABILITIES.tolist()],
    "conformal": [2.0, 2 + 0.15 / 0.25, 1.0],  # so many probabilities add up to 0.9, before it is fitted
}
# Of K equal logits 0, and of one logit far above the others, at 1e4: what the score is of the first class.
UNIFORM = {
    "msp": lambda k: 1 / k,
    "msp_calibrated": lambda k: 1 / k,
    "margin": lambda k: 0,
    "true_class": lambda k: 1 / k,
    "entropy": math.log,
    "energy": lambda k: -math.log(k),
    "max_logit": lambda k: 0,
    "odin_temperature": lambda k: 1 / k,
    "gen": lambda k: min(k, 100) * ((k - 1) / k**2) ** 0.1,
    "conformal": lambda k: 0.9 * k,
}
CERTAIN = {
    "msp": 1,
    "msp_calibrated": 1,
    "margin": 1,
    "true_class": 1,
    "entropy": 0,
    "energy": -1e4,
    "max_logit": 1e4,
    "gen": 0,
    "conformal": pytest.approx(0.9),
}
UNBOUNDED = {"energy": -1, "max_logit": 1}  # by so many times a constant they change that is added to all logits
# For those of members: test_scores_of_members.py, and for that of features: test_knn.py.
SINGLE = {name: score for name, score in SCORES.items() if not score.needs_members and not score.adapt}
UP = {"confident": 1, "uncertain": -1}


def logits_like(kind, n_classes):
    gaussian = torch.randn(200, n_classes)
    return {
        "gaussian": gaussian,
        "large": gaussian * 100,
        "extreme": gaussian.sign() * 1e4,
        "one far below": torch.zeros(1, n_classes).index_fill(1, torch.tensor([0]), -1e4),
        "one far above": torch.zeros(1, n_classes).index_fill(1, torch.tensor([0]), 1e4),
        "uniform": torch.full((1, n_classes), 7.0),
    }[kind]


def test_every_score_is_tested_here():
    assert SINGLE.keys() == BY_HAND.keys() == UNIFORM.keys() == CERTAIN.keys() | {"odin_temperature"}
    assert all(score.name == name for name, score in SCORES.items())


@pytest.mark.parametrize("name", BY_HAND)
def test_values_by_hand(name):
    assert SCORES[name](PROBABILITIES.log() + 3, LABELS).tolist() == pytest.approx(BY_HAND[name], abs=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3, 10, 1000])
@pytest.mark.parametrize("name", BY_HAND)
def test_values_of_equal_logits(name, n_classes):
    found = SCORES[name](torch.zeros(1, n_classes), torch.zeros(1, dtype=torch.int64))
    assert found.item() == pytest.approx(UNIFORM[name](n_classes), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("n_classes", [2, 10])
@pytest.mark.parametrize("name", CERTAIN)
def test_values_when_one_class_is_certain(name, n_classes):
    logits = logits_like("one far above", n_classes)
    assert SCORES[name](logits, torch.tensor([0])).item() == CERTAIN[name]


def test_true_class_of_the_wrong_class_of_a_certain_classifier_is_zero():
    assert SCORES["true_class"](logits_like("one far above", 5), torch.tensor([3])).item() == 0


@pytest.mark.parametrize("x", [-3.0, 0.0, 0.5, 4.0])
def test_two_classes_are_a_logistic_function(x):
    p = 1 / (1 + math.exp(-x))
    logits, labels = torch.tensor([[x, 0.0]]), torch.tensor([0])
    found = {name: score(logits, labels).item() for name, score in SINGLE.items()}
    assert found == pytest.approx(
        {
            "msp": max(p, 1 - p),
            "msp_calibrated": max(p, 1 - p),
            "margin": abs(2 * p - 1),
            "true_class": p,
            "entropy": -p * math.log(p) - (1 - p) * math.log(1 - p),
            "energy": -math.log(math.exp(x) + 1),
            "max_logit": max(x, 0),
            "odin_temperature": 1 / (1 + math.exp(-abs(x) / 1000)),
            "gen": 2 * (p * (1 - p)) ** 0.1,
            "conformal": 0.9 / max(p, 1 - p) if max(p, 1 - p) > 0.9 else 1 + (0.9 - max(p, 1 - p)) / min(p, 1 - p),
        },
        abs=1e-6,
    )


def test_entropy_is_scipys():
    logits = torch.randn(50, 7) * 3
    expected = stats.entropy(logits.double().softmax(dim=1).numpy(), axis=1)
    assert SCORES["entropy"](logits, torch.zeros(50, dtype=torch.int64)).tolist() == pytest.approx(expected, abs=1e-6)


def test_only_unbounded_scores_tell_logits_apart_that_differ_by_a_constant():
    logits, labels = torch.randn(20, 5), torch.zeros(20, dtype=torch.int64)
    for name, score in SINGLE.items():
        shift = 7.0 * UNBOUNDED.get(name, 0)
        torch.testing.assert_close(score(logits + 7, labels), score(logits, labels) + shift, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", sorted(set(BY_HAND) - {"true_class"}))
def test_only_the_true_class_depends_on_the_label(name):
    logits = torch.randn(20, 5)
    assert SCORES[name](logits, torch.full((20,), 1)).equal(SCORES[name](logits, torch.full((20,), 4)))


@pytest.mark.parametrize("kind", ["gaussian", "large", "extreme", "one far below", "one far above", "uniform"])
@pytest.mark.parametrize("n_classes", [2, 10])
@pytest.mark.parametrize("name", BY_HAND)
def test_values_are_finite_and_in_range(name, n_classes, kind):
    logits = logits_like(kind, n_classes)
    found = SCORES[name](logits, torch.arange(len(logits)) % n_classes)
    low, high = SCORES[name].range(n_classes)
    assert (found.shape, found.dtype) == ((len(logits),), torch.float32)
    assert found.isfinite().all()
    assert found.min() >= low - 1e-6
    assert found.max() <= high + 1e-6


@pytest.mark.parametrize("name", sorted(CERTAIN.keys() - UNBOUNDED.keys() - {"conformal"}))
def test_range_is_no_wider_than_needed(name):
    low, high = SCORES[name].range(4)
    ends = [torch.zeros(1, 4), logits_like("one far above", 4)]
    found = [SCORES[name](logits, torch.tensor([label])).item() for logits in ends for label in (0, 1)]
    assert (min(found), max(found)) == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize("name", BY_HAND)
def test_scores_point_where_they_say(name):
    logits, labels = torch.tensor([[1.0, 0.0, 0.0], [2.0, 0.0, 0.0]]), torch.tensor([0, 0])
    less, more = SCORES[name](logits, labels).tolist()
    assert UP[SCORES[name].high_means] * (more - less) > 0


@pytest.mark.parametrize("name", BY_HAND)
def test_half_precision_is_widened_before_the_softmax(name):
    logits, labels = torch.randn(10, 5).bfloat16(), torch.zeros(10, dtype=torch.int64)
    assert SCORES[name](logits, labels).equal(SCORES[name](logits.float(), labels))


@pytest.mark.parametrize("name", BY_HAND)
def test_scores_are_differentiable(name):
    logits = torch.tensor([[1.0, 0.5, -0.3], [0.0, 2.0, 1.0]], dtype=torch.float64, requires_grad=True)

    def function(x):
        return SCORES[name].function(x, torch.tensor([0, 2]), **SCORES[name].settings)

    assert torch.autograd.gradcheck(function, (logits,))


@pytest.mark.parametrize("name", BY_HAND)
def test_gradients_are_finite_where_probabilities_vanish(name):
    logits = torch.tensor([[0.0, 1e4, -1e4], [300.0, 0.0, 1.0]], requires_grad=True)
    SCORES[name](logits, torch.tensor([0, 1])).sum().backward()
    assert logits.grad.isfinite().all()


def test_every_score_can_be_chosen_in_the_settings():
    files = {path.stem: path for path in (CONF / "score").glob("*.yaml")}
    pairs = {name for name in files if "_and_" in name}  # see test_second.py
    assert files.keys() - pairs == SCORES.keys()
    for name, path in files.items() - {(pair, files[pair]) for pair in pairs}:
        chosen = hydra.utils.instantiate(OmegaConf.load(path))
        assert isinstance(chosen, Score)
        assert chosen == SCORES[name]


def test_an_unknown_score_is_refused_with_those_there_are():
    with pytest.raises(SettingError) as caught:
        get_score("doubt")
    assert str(caught.value).startswith(
        "name=doubt: allowed: conformal, energy, entropy, expected_entropy, gen, knn, margin, "
    )


REFUSED = [
    ("gen", {"gamma": 0}, "gamma=0: allowed: above 0, and 1 at most"),
    ("gen", {"m": 0}, "m=0: allowed: an integer"),
    ("odin_temperature", {"temperature": 0.5}, "temperature=0.5: allowed: a number"),
    ("conformal", {"level": 1}, "level=1: allowed: between 0 and 1"),
    ("gen", {"level": 0.1}, "level=0.1: allowed: gamma, m of score=gen"),
    ("msp", {"temperature": 2}, "temperature=2: allowed: no settings of score=msp"),
]


@pytest.mark.parametrize(("name", "settings", "message"), REFUSED)
def test_settings_that_a_score_cannot_have_are_refused(name, settings, message):
    with pytest.raises(SettingError) as caught:
        get_score(name, **settings)
    assert str(caught.value).startswith(message)


def test_settings_that_are_not_given_are_the_scores_own():
    assert get_score("gen", m=3).settings == {"gamma": 0.1, "m": 3}
    assert SCORES["gen"].settings == {"gamma": 0.1, "m": 100}
    assert get_score("gen", "msp", m=3).second is SCORES["msp"]


def test_the_entropy_of_a_sure_image_is_0_and_not_minus_0():
    entropy = get_score("entropy")(torch.tensor([[200.0, 0.0, 0.0]]), torch.zeros(1, dtype=torch.int64))
    assert not entropy.signbit().any()


def test_the_end_that_is_certain_is_told_by_what_high_means():
    msp, entropy, values = get_score("msp"), get_score("entropy"), torch.tensor([0.2, 0.9])
    assert (msp.certain_first(0, 1), entropy.certain_first(0, 1)) == ((1, 0), (0, 1))
    assert msp.certainty(values).argmax() == 1
    assert entropy.certainty(values).argmax() == 0
