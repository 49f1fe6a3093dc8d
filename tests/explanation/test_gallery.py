from dataclasses import replace

import pytest
import torch

import uqgen
from uqgen.evaluation.side_by_side import along_scores, side_by_side
from uqgen.explanation.gallery import _first, distinct, make_galleries, nearest_distances

POINTS = torch.tensor([[0.0, 0.0], [0.5, 0.0], [1.2, 0.0], [0.1, 0.0], [5.0, 0.0]], dtype=torch.float64)


def test_what_is_near_to_one_kept_is_dropped_and_what_is_near_to_one_dropped_is_not():
    # The third is near to the second alone, which was dropped.
    assert distinct(POINTS, 1.0).tolist() == [True, False, True, False, True]
    assert distinct(POINTS, 0.05).all()
    assert distinct(POINTS, 100.0).tolist() == [True, False, False, False, False]


def test_distances_to_the_nearest_other():
    both = torch.stack([POINTS, 2 * POINTS])
    expected = torch.tensor([0.1, 0.4, 0.7, 0.1, 3.8], dtype=torch.float64)
    torch.testing.assert_close(nearest_distances(both), torch.stack([expected, 2 * expected]))


def test_the_first_that_are_kept_are_shown():
    kept = torch.tensor([[False, True, True, True], [False, False, True, False]])
    assert _first(kept, 2).tolist() == [[1, 2], [6, -1]]


@pytest.fixture(scope="module")
def run(tiny_run):
    return uqgen.load(tiny_run)


def test_a_gallery_shows_different_images_of_each_class(run):
    evaluator = run.evaluator
    (gallery,) = make_galleries(run.model, evaluator, (0.6,), 12, 5, seed=0)
    generated = gallery.generated
    assert gallery.duplicates.n == len(generated.x) == 120
    assert generated.requested.score.equal(torch.full((120,), 0.6))
    rows, position = (gallery.shown >= 0).nonzero(as_tuple=True)
    shown = gallery.shown[rows, position]
    assert generated.requested.label[shown].equal(rows)
    assert len(shown.unique()) == len(shown)
    torch.testing.assert_close(gallery.probabilities.sum(dim=1), torch.ones(120))
    torch.testing.assert_close(gallery.probabilities.amax(dim=1), generated.score_out)


def test_images_that_are_all_the_same_are_dropped_but_for_one(run, monkeypatch):
    evaluator = run.evaluator
    same = torch.zeros(120, 1, 32, 32, dtype=torch.uint8)
    monkeypatch.setattr("uqgen.evaluation.generated.make_images", lambda *arguments: same)
    (gallery,) = make_galleries(run.model, evaluator, (0.6,), 12, 5, seed=0)
    assert gallery.duplicates.dropped == pytest.approx(11 / 12)
    assert 0 < gallery.duplicates.dropped_real < 0.3
    assert (gallery.shown[:, 1:] == -1).all()


def test_classes_of_which_the_split_has_one_image_or_none_are_generated_all_the_same(run, monkeypatch):
    evaluator = run.evaluator
    real, split = evaluator.reference, evaluator.settings.split
    lone = (real.data.label == 4).nonzero()[:1, 0]
    kept = torch.cat([((real.data.label != 3) & (real.data.label != 4)).nonzero()[:, 0], lone])
    monkeypatch.setitem(evaluator.real, split, replace(real, data=real.data.subset(kept), logits=real.logits[kept]))
    same = torch.zeros(120, 1, 32, 32, dtype=torch.uint8)
    with monkeypatch.context() as context:
        context.setattr("uqgen.evaluation.generated.make_images", lambda *arguments: same)
        (gallery,) = make_galleries(run.model, evaluator, (0.6,), 12, 5, seed=0)
    assert gallery.duplicates.n == 8 * 12 + 1
    assert gallery.duplicates.dropped == pytest.approx(8 * 11 / gallery.duplicates.n)  # of one image none is near
    assert 0 < gallery.duplicates.dropped_real < 0.3
    there = [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert all(images.classes.tolist() == there for images in side_by_side(evaluator, run.model).values())
    assert along_scores(evaluator, run.model, [0.6, 0.9]).classes.tolist() == [0, 4, 6, 9]
