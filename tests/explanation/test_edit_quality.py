import pytest
import torch

from uqgen.explanation.edit_quality import Given, edit_quality, monotonicity
from uqgen.explanation.edits import Edits

ASKED = torch.tensor([0.4, 0.6, 0.9])


def measure(score_out, judged, predicted=((2, 2, 2), (1, 2, 1)), own=(0.9, 0.5), pixels=51):
    given = Given(
        torch.zeros(2, 1, 4, 4, dtype=torch.uint8), torch.tensor([2, 1]), torch.tensor([2, 1]),
        {"target": torch.tensor(own), "judge": torch.tensor([0.8, 0.5])},
    )  # fmt: skip
    edits = Edits(torch.full((2, 3, 1, 4, 4), pixels, dtype=torch.uint8), score_out, torch.tensor(predicted))
    return edit_quality(given, edits, {"judge": judged}, ASKED, 0.05, n_resamples=20)


@pytest.mark.parametrize(
    ("sequence", "share"),
    [([0.1, 0.2, 0.3], 1), ([0.3, 0.2, 0.1], 0), ([0.1, 0.3, 0.2], 0.5), ([0.2, 0.2, 0.2], 0), ([0.1, 0.1, 0.2], 0.5)],
)
def test_monotonicity_of_sequences(sequence, share):
    assert monotonicity(torch.tensor([sequence])).item() == share


def test_pairs_of_the_own_score_do_not_count():
    quality = measure(ASKED.repeat(2, 1), ASKED.repeat(2, 1))
    assert (quality.n_images, quality.n_edits) == (2, 5)  # 0.9 is the first image's own


def test_shares_and_distances_are_those_of_the_pairs_that_count():
    score_out = torch.tensor([[0.4, 0.7, 0.2], [0.4, 0.6, 0.8]])
    quality = measure(score_out, score_out)
    assert quality.reached.value == pytest.approx(3 / 5)
    assert quality.class_kept.value == pytest.approx(4 / 5)
    assert quality.l1.value == pytest.approx(0.2)
    assert quality.l2.value == pytest.approx(0.8)  # 16 pixels that differ by a fifth
    assert quality.monotone.value == pytest.approx((0.5 + 1) / 2)


def test_who_sees_all_of_the_change_follows_by_1_and_who_sees_none_by_0():
    blind = torch.tensor([[0.8], [0.5]]).repeat(1, 3)
    seen = measure(ASKED.repeat(2, 1), blind).followed
    assert seen["target"].value == pytest.approx(1)
    assert seen["judge"].value == pytest.approx(0)
    half = torch.tensor([[0.8], [0.5]]) + (ASKED - torch.tensor([[0.9], [0.5]])) / 2
    assert measure(ASKED.repeat(2, 1), half).followed["judge"].value == pytest.approx(0.5)
