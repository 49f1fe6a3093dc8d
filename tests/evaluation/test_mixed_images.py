from functools import partial
from types import SimpleNamespace

import pytest
import torch
from scipy import stats

from uqgen.conditioning.condition import Condition
from uqgen.data.labelled import LabelledData
from uqgen.evaluation import look
from uqgen.evaluation.look import CERTAIN, UNCERTAIN, draw_halves, mix_images, n_certain
from uqgen.evaluation.real import RealImages
from uqgen.scores import get_score
from uqgen.seeding import generator
from uqgen.settings import SettingError

K, M = 4, 800


@pytest.fixture
def label():
    return torch.randint(K, (M,), generator=generator(0))


@pytest.fixture
def doubt():
    """Half of the images at the confident end."""
    spread = torch.rand(M, generator=generator(1))
    return torch.where(torch.rand(M, generator=generator(2)) < 0.5, spread * CERTAIN, spread)


@pytest.mark.parametrize("n", [2, 3, 10, 60, 61])
def test_half_are_certain_and_every_class_is_drawn_as_often(label, doubt, n):
    drawn = draw_halves(label, doubt, n, K, generator(3))
    assert len(set(drawn.tolist())) == n
    certain, uncertain = drawn.tensor_split([n_certain(n)])
    assert (len(certain), len(uncertain)) == (-(-n // 2), n // 2)
    assert doubt[certain].max() <= CERTAIN
    assert doubt[uncertain].min() >= UNCERTAIN
    for part in (certain, uncertain, drawn):
        counts = label[part].bincount(minlength=K)
        assert counts.max() - counts.min() <= 1


def test_every_image_of_a_half_can_be_drawn(label, doubt):
    drawn = torch.cat([draw_halves(label, doubt, 60, K, generator(seed)) for seed in range(300)])
    assert set(drawn.tolist()) == set(((doubt <= CERTAIN) | (doubt >= UNCERTAIN)).nonzero().flatten().tolist())


@pytest.mark.parametrize("all_are", [0.0, 0.05, 1.0])
def test_a_class_without_certain_or_uncertain_images_gives_its_ends(all_are):
    label, doubt = torch.arange(K).repeat(20), torch.arange(20 * K) * 1e-4 + all_are
    drawn = draw_halves(label, doubt, 4 * K, K, generator(0))
    certain, uncertain = drawn.tensor_split([n_certain(4 * K)])
    if all_are > 0:  # none is certain: the two most certain of each class are
        assert certain.max() < 2 * K
    if all_are < 1:  # none is uncertain
        assert uncertain.min() >= 18 * K


def test_as_many_images_as_there_are_can_be_drawn_and_no_more(doubt):
    label = torch.arange(K).repeat(5)
    assert set(draw_halves(label, doubt[: 5 * K], 5 * K, K, generator(0)).tolist()) == set(range(5 * K))
    with pytest.raises(SettingError, match=r"^n=21: allowed: less: there are 5 images of class \d, and 6 are drawn"):
        draw_halves(label, doubt[: 5 * K], 21, K, generator(0))


@pytest.fixture
def run(monkeypatch):
    """A run whose images are numbers: of a real one its position, of a generated one 200 and more."""
    label = torch.arange(K).repeat(50)
    logits = torch.randn(len(label), K, generator=generator(4)) * 4
    position = torch.arange(len(label), dtype=torch.uint8)[:, None, None, None].expand(-1, 1, 8, 8)
    score = get_score("msp")
    reference = RealImages(LabelledData(position, label, label, label), logits, {}, score, None)
    data = SimpleNamespace(class_names=list("abcd"), n_classes=K)
    ends = {"requested_range": (1 / K, 1.0), "ends": (1.0, 1 / K)}
    evaluator = SimpleNamespace(data=data, reference=reference, score=score, **ends)
    seen = []
    monkeypatch.setattr(look, "make_images", partial(_make, seen))
    return SimpleNamespace(evaluator=evaluator, class_names=list("abcd"), model=None, seen=seen)


def _make(seen, gan, requested, seed):
    seen.append((requested, seed))
    return (200 + torch.arange(len(requested.label), dtype=torch.uint8))[:, None, None, None].expand(-1, 1, 8, 8)


def test_each_generated_image_was_requested_as_a_real_one_is(run):
    mixed = mix_images(run.model, run.evaluator, 24, seed=0)
    number = mixed.x[:, 0, 0, 0].long()
    assert mixed.x.dtype == torch.uint8
    assert torch.equal(mixed.is_real, number < 200)
    assert mixed.is_real.sum() == 24
    real, made = number[mixed.is_real], number[~mixed.is_real]
    reference = run.evaluator.reference
    assert torch.equal(mixed.condition.label[mixed.is_real], reference.data.label[real])
    assert torch.equal(mixed.condition.score[mixed.is_real], reference.score[real])
    (requested, _), at = run.seen[0], made - 200
    assert isinstance(requested, Condition)
    assert torch.equal(mixed.condition.label[~mixed.is_real], requested.label[at])
    assert torch.equal(mixed.condition.score[~mixed.is_real], requested.score[at])
    pairs = [sorted(zip(*(part[which].tolist() for part in mixed.condition[:2]), strict=True))
             for which in (mixed.is_real, ~mixed.is_real)]  # fmt: skip
    assert pairs[0] == pairs[1]
    assert mixed.is_certain[mixed.is_real].sum() == mixed.is_certain[~mixed.is_real].sum() == 12
    assert mixed.condition.score[mixed.is_certain].min() > 1 - 0.75 * CERTAIN - 1e-6
    assert mixed.condition.score[~mixed.is_certain].max() < 1 - 0.75 * UNCERTAIN + 1e-6


def test_of_a_score_that_grows_with_doubt_the_low_end_is_certain(run):
    score = get_score("entropy")
    reference = run.evaluator.reference
    run.evaluator.score, run.evaluator.requested_range, run.evaluator.ends = score, (0.0, 1.38), (0.0, 1.38)
    run.evaluator.reference = RealImages(reference.data, reference.logits, {}, score, None)
    mixed = mix_images(run.model, run.evaluator, 8, seed=0)
    assert mixed.condition.score[mixed.is_certain].max() < mixed.condition.score[~mixed.is_certain].min()


def test_the_order_follows_from_the_seed_and_tells_nothing(run):
    first, again, other = (mix_images(run.model, run.evaluator, 24, seed) for seed in (0, 0, 1))
    assert torch.equal(first.x, again.x)
    assert not torch.equal(first.is_real, other.is_real)
    assert len({seed for _, seed in run.seen}) == 2
    real = torch.stack([mix_images(run.model, run.evaluator, 24, seed).is_real for seed in range(200)])
    at_each = real.sum(dim=0)  # how often each position holds a real image
    assert stats.chisquare(at_each).pvalue > 0.001
    repeats = (real[:, 1:] == real[:, :-1]).double().mean()  # neighbours of one kind: 23 of 47
    assert repeats == pytest.approx(23 / 47, abs=0.02)


def test_a_class_without_images_is_left_out():
    label = torch.tensor([0, 2]).repeat(20)
    drawn = draw_halves(label, torch.linspace(0, 1, 40), 8, 3, generator(0))
    assert label[drawn].bincount(minlength=3).tolist() == [4, 0, 4]
