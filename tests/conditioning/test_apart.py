"""Encodings that hold the class apart from the score, or leave one out."""

import pytest
import torch
from scipy import stats

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.label import LabelEncoding
from uqgen.conditioning.log_odds import LogOdds
from uqgen.conditioning.logit import LogitEncoding
from uqgen.conditioning.rank import RankEncoding
from uqgen.conditioning.unconditional import NoEncoding

REAL = Condition(torch.tensor([0, 1, 2, 2]), torch.tensor([0.2, 0.7, 1.0, 0.7]))


@pytest.mark.parametrize("encoding", [LogitEncoding, RankEncoding])
def test_class_and_score_are_parts_of_their_own(encoding):
    built = encoding(3, REAL)
    label, score = built(REAL)
    assert label.equal(torch.eye(3)[REAL.label])
    assert built.part_dims == (label.shape[1], score.shape[1]) == (3, 2)
    other_class = built(REAL._replace(label=torch.zeros_like(REAL.label)))[1]
    assert other_class.equal(score)


def test_log_odds_go_with_their_distance_from_the_end():
    z = LogOdds(REAL.score)(REAL.score)
    assert LogitEncoding(3, REAL)(REAL)[1].equal(torch.stack([z, 1 - z.abs()], dim=1))


def test_a_rank_is_scipys_percentile():
    requested = torch.tensor([0.0, 0.2, 0.5, 0.7, 1.0, 2.0])
    quantile = RankEncoding(3, REAL)(Condition(torch.zeros(6, dtype=torch.int64), requested))[1]
    expected = [stats.percentileofscore(REAL.score.numpy(), score, "mean") / 100 for score in requested.numpy()]
    assert quantile[:, 0].tolist() == pytest.approx(expected, abs=1e-6)
    assert quantile.sum(dim=1).tolist() == pytest.approx([1] * 6)


def test_the_class_alone_says_nothing_of_the_score():
    encoding = LabelEncoding(3, REAL)
    (part,) = encoding(REAL)
    assert part.equal(torch.eye(3)[REAL.label])
    assert encoding.part_dims == (3,)


def test_no_condition_is_the_same_for_all():
    (part,) = NoEncoding(3, REAL)(REAL)
    assert part.equal(torch.ones(4, 1))
