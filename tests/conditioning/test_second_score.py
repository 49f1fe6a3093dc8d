"""Second scores that real images have beside the first one requested."""

import math

import pytest
import torch

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.fourier import FourierEncoding
from uqgen.conditioning.label import LabelEncoding
from uqgen.conditioning.logit import LogitEncoding
from uqgen.conditioning.paper import PaperEncoding
from uqgen.conditioning.rank import RankEncoding
from uqgen.conditioning.second_score import TAIL, SecondScores
from uqgen.conditioning.softmax import SoftmaxEncoding
from uqgen.conditioning.unconditional import NoEncoding

N, K = 6_000, 2
APART = [FourierEncoding, LogitEncoding, RankEncoding]


def offset(label, score):
    return label + 2.0 * (score > 0.5)


@pytest.fixture
def real() -> Condition:
    """The second score is u^3 and more, how much follows from the class and from whether the first one is high.

    In the order of scores u is the golden ratio's sequence, of which neighbours fill [0, 1] evenly.
    """
    label, order = torch.arange(N) % K, torch.randperm(N // K).repeat_interleave(K)
    score = (order + 0.5) / (N // K)
    u = (order.double() * (math.sqrt(5) - 1) / 2 % 1).float()
    return Condition(label, score, torch.rand(N, K).softmax(dim=1), offset(label, score) + u**3)


def requested(n=4_000, score=None):
    return Condition(torch.arange(n) % K, torch.rand(n) if score is None else torch.full((n,), score))


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def share(condition):
    """u of the second scores."""
    return (condition.second - offset(*condition[:2])).clamp_min(0) ** (1 / 3)


def test_quantiles_are_those_of_the_images_of_the_class_with_about_the_first_score(real):
    q = torch.linspace(0, 0.999, 4_000)
    for score in (0.3, 0.6):
        condition = requested(score=score)
        found = SecondScores(K, real).quantile(condition, q)
        assert share(condition._replace(second=found)).numpy() == pytest.approx(q.numpy(), abs=0.03)
        assert set(found.tolist()) <= set(real.second.tolist())


def test_those_requested_uniformly_fill_what_is_reachable_and_no_more(real):
    condition = requested()
    found = SecondScores(K, real).draw_uniform(condition, rng())
    assert found[:2] == condition[:2]
    u = share(found.select((found.score - 0.5).abs() > 0.05))
    assert TAIL - 0.03 < u.min() < 0.2
    assert u.max() < 1 - TAIL + 0.03
    between = (u**3 - TAIL**3) / ((1 - TAIL) ** 3 - TAIL**3)
    assert (torch.histc(between, 4, 0, 1) / len(u)).tolist() == pytest.approx([0.25] * 4, abs=0.04)


def test_second_scores_requested_follow_the_generator_alone(real):
    condition, seconds = requested(50), SecondScores(K, real)
    first, again, other = (seconds.draw_uniform(condition, rng(seed)).second for seed in (1, 1, 2))
    assert first.equal(again)
    assert not first.equal(other)


@pytest.mark.parametrize("encoding", [PaperEncoding, SoftmaxEncoding, *APART])
def test_who_asks_for_none_gets_one_as_real_images_have_them_and_who_asks_for_one_keeps_it(encoding, real):
    built, condition = encoding(K, real), requested(score=0.6)
    drawn = built.complete(condition, torch.rand(len(condition.label))).second
    for label in range(K):
        u = share(condition._replace(second=drawn).select(condition.label == label))
        assert u.quantile(torch.tensor([0.25, 0.5, 0.75])).tolist() == pytest.approx([0.25, 0.5, 0.75], abs=0.04)
    given = condition._replace(second=torch.rand(len(condition.label)))
    assert built.complete(given, torch.rand(len(condition.label))).second is given.second


def test_along_first_scores_the_quantile_of_the_second_one_stays(real):
    """Kept as it is, a second score would go with few of the first ones."""
    chance, scores = torch.tensor([0.1, 0.9]), torch.tensor([[0.2, 0.8], [0.2, 0.8]])
    for encoding in (PaperEncoding(K, real), SoftmaxEncoding(K, real)):
        along = encoding.along_scores(torch.tensor([0, 1]), scores, chance)
        single = Condition(torch.tensor([0, 0, 1, 1]), scores.flatten())
        assert along.second.equal(encoding.complete(single, chance.repeat_interleave(2)).second)
        assert (along.second.view(2, 2).diff(dim=1) > 1).all()


@pytest.mark.parametrize("encoding", [PaperEncoding, SoftmaxEncoding, LabelEncoding, NoEncoding, *APART])
def test_without_a_second_score_none_is_added(encoding, real):
    built = encoding(K, real._replace(second=None))
    assert built.complete(requested(5), torch.rand(5)).second is None


@pytest.mark.parametrize("encoding", APART)
def test_apart_a_second_score_is_encoded_as_it_would_be_alone(encoding, real):
    parts = encoding(K, real)(real)
    first, alone = (
        encoding(K, other)(other) for other in (real._replace(second=None), Condition(real.label, real.second))
    )
    for part, expected in zip(parts, [*first, alone[1]], strict=True):
        torch.testing.assert_close(part, expected)
    assert encoding(K, real).part_dims == tuple(part.shape[1] for part in parts)


def test_papers_vector_ends_with_the_second_score_standardised(real):
    (part,), (alone,) = (PaperEncoding(K, c)(c) for c in (real, Condition(real.label, real.second)))
    (first,) = PaperEncoding(K, real._replace(second=None))(real._replace(second=None))
    torch.testing.assert_close(part, torch.cat([first, alone[:, K:]], dim=1))
    assert PaperEncoding(K, real).part_dims == (K + 2,)
    raw = PaperEncoding(K, real, standardise=False)(real)[0]
    assert raw[:, K:].equal(real.scores)


def test_beside_a_vector_it_is_a_part_of_its_own(real):
    encoding = SoftmaxEncoding(K, real)
    parts, alone = encoding(real), LogitEncoding(K, Condition(real.label, real.second))
    torch.testing.assert_close(parts[3][:, :2], alone(Condition(real.label, real.second))[1])
    assert encoding.part_dims == tuple(part.shape[1] for part in parts) == (K, 2 * K, 10, 10)


@pytest.mark.parametrize("encoding", [PaperEncoding, SoftmaxEncoding, *APART])
def test_what_follows_from_the_data_is_not_of_the_state(encoding, real):
    assert max((value.numel() for value in encoding(K, real).state_dict().values()), default=0) <= 4
