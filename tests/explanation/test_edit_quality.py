import math

import pytest
import torch

from uqgen.conditioning.condition import Condition
from uqgen.explanation.edit_quality import edit_quality, monotonicity
from uqgen.explanation.edits import Edits
from uqgen.explanation.given_image import GivenImages

REQUESTED = torch.tensor([0.4, 0.6, 0.9])


def measure(
    score_out,
    judged,
    predicted=((2, 2, 2), (1, 2, 1)),
    own=(0.9, 0.5),
    pixels=51,
    seen=None,
    label=(2, 1),
    held=((True,) * 3,) * 2,
):
    """Of two images of three classes, whose target predicts 2 and 1; judges' classes before and after are `seen`."""
    vectors = torch.eye(3)[[2, 1]]
    given = GivenImages(
        torch.zeros(2, 1, 4, 4, dtype=torch.uint8), Condition(torch.tensor(label), torch.tensor(own), vectors)
    )
    edits = Edits(torch.full((2, 3, 1, 4, 4), pixels, dtype=torch.uint8), score_out, torch.tensor(predicted))
    before_and_after = torch.cat([torch.tensor([[0.8], [0.5]]), judged], dim=1)
    seen = torch.zeros(2, 4, dtype=torch.int64) if seen is None else torch.tensor(seen)
    judges = {"judge": Edits(edits.x[:, [0, 0, 1, 2]], before_and_after, seen)}
    return edit_quality(given, edits, torch.tensor(held), judges, REQUESTED, 0.05, frechet=1.0, n_resamples=20)


@pytest.mark.parametrize(
    ("sequence", "share"),
    [([0.1, 0.2, 0.3], 1), ([0.3, 0.2, 0.1], 0), ([0.1, 0.3, 0.2], 0.5), ([0.2, 0.2, 0.2], 0), ([0.1, 0.1, 0.2], 0.5)],
)
def test_monotonicity_of_sequences(sequence, share):
    assert monotonicity(torch.tensor([sequence])).item() == share


def test_pairs_of_the_own_score_do_not_count():
    quality = measure(REQUESTED.repeat(2, 1), REQUESTED.repeat(2, 1))
    assert (quality.n_images, quality.n_edits) == (2, 5)  # 0.9 is the first image's own


def test_shares_and_distances_are_those_of_the_pairs_that_count():
    score_out = torch.tensor([[0.4, 0.7, 0.2], [0.4, 0.6, 0.8]])
    quality = measure(score_out, score_out)
    assert quality.reached.value == pytest.approx(3 / 5)
    assert quality.class_kept.value == pytest.approx(4 / 5)
    assert quality.l1.value == pytest.approx(0.2)
    assert quality.l2.value == pytest.approx(0.8)  # 16 pixels that differ by a fifth
    assert quality.monotone.value == pytest.approx((0.5 + 1) / 2)


def test_edits_that_hold_are_counted_among_the_pairs_that_count():
    held = [[True, False, True], [False, True, False]]  # the first image's third pair does not count
    assert measure(REQUESTED.repeat(2, 1), REQUESTED.repeat(2, 1), held=held).held.value == pytest.approx(2 / 5)


def test_who_sees_all_of_the_change_follows_by_1_and_who_sees_none_by_0():
    blind = torch.tensor([[0.8], [0.5]]).repeat(1, 3)
    seen = measure(REQUESTED.repeat(2, 1), blind).followed
    assert seen["target"].value == pytest.approx(1)
    assert seen["judge"].value == pytest.approx(0)
    half = torch.tensor([[0.8], [0.5]]) + (REQUESTED - torch.tensor([[0.9], [0.5]])) / 2
    assert measure(REQUESTED.repeat(2, 1), half).followed["judge"].value == pytest.approx(0.5)


def test_the_true_class_is_kept_among_the_images_that_the_viewer_had_right():
    said = REQUESTED.repeat(2, 1)
    # Of the second image the target is wrong before; of the first the pair of 0.9, its own score, does not count.
    quality = measure(said, said, predicted=((2, 0, 0), (0, 0, 0)), label=(2, 0), seen=((2, 2, 1, 2), (0, 0, 1, 0)))
    assert quality.true_class_kept["target"].value == pytest.approx(1 / 2)
    assert quality.true_class_kept["judge"].value == pytest.approx((1 + 2) / (2 + 3))
    assert quality.class_kept.value == pytest.approx(1 / 5)  # whatever the true class: 1 of 2, and none of 3


def test_of_a_viewer_who_had_no_image_right_it_is_undefined():
    said = REQUESTED.repeat(2, 1)
    assert math.isnan(measure(said, said, seen=((1, 2, 2, 2), (0, 1, 1, 1))).true_class_kept["judge"].value)
