from dataclasses import dataclass

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from uqgen.data.attributes import ATTRIBUTES
from uqgen.metrics import Sample
from uqgen.metrics.attribute_differences import FEWEST, of_evaluation, standardised
from uqgen.report.run_tables import attributes_table


@dataclass
class Found:
    """What the measure reads of `Evaluated`."""

    as_data: Sample
    real: Sample
    train: Sample
    class_names: tuple[str, ...] = ("ring", "disc")
    is_image: bool = True
    seed: int = 0

    def is_certain(self, score: torch.Tensor) -> torch.Tensor:
        return score > 0.9


def drawn(seed: int, n: int = 480, filled: float = 0.0, thicker: float = 0.0) -> Sample:
    """Rings, of which a share is filled at the certain end, and discs, as much thicker below it, in noise."""
    rng = np.random.default_rng(seed)
    label, score = np.arange(n) % 2, np.where(np.arange(n) % 4 < 2, 1.0, 0.6)
    radius = rng.uniform(4, 6, n) + thicker * ((label == 1) & (score < 0.9))
    distance = np.hypot(*(np.indices((20, 20)) - 9.5)[:, None])
    is_ring = (label == 0) & ~((rng.random(n) < filled) & (score > 0.9))
    ink = (distance < radius[:, None, None]) & ((distance > 2) | ~is_ring[:, None, None])
    grey = gaussian_filter(200.0 * ink, (0, 0.3, 0.3)) + rng.uniform(0, 5, (n, 20, 20))
    x = torch.from_numpy(grey.astype(np.uint8))[:, None]
    return Sample(torch.empty(n, 0), x, torch.from_numpy(label), torch.from_numpy(score).float())


def test_real_images_differ_by_chance():
    found = of_evaluation(Found(drawn(0), drawn(1), drawn(2)))
    assert len(found.each) <= 4 * len(ATTRIBUTES)
    assert found.largest == found.each[0].size < 0.45
    assert found.floor < 0.45
    assert [each.size for each in found.each] == sorted((each.size for each in found.each), reverse=True)


def test_loops_that_are_filled_at_the_certain_end_are_found_there():
    found = of_evaluation(Found(drawn(0, filled=0.5), drawn(1), drawn(2)))
    holes = next(each for each in found.each if each.attribute == "holes")
    assert (holes.class_name, holes.part, holes.unit) == ("ring", "certain", "number")
    assert (holes.generated, holes.real) == (pytest.approx(0.5, abs=0.15), 1)
    assert holes.difference.high < -0.5
    assert {each.class_name for each in found.each if each.size > 0.6} == {"ring"}


def test_larger_discs_below_the_certain_end_are_found_there():
    found = of_evaluation(Found(drawn(0, thicker=0.6), drawn(1), drawn(2)))
    large = [each for each in found.each if each.size > 0.6]
    assert {(each.class_name, each.part) for each in large} == {("disc", "below")}
    assert "area" in {each.attribute for each in large}


def test_the_report_shows_them_with_both_means(make_results):
    table = attributes_table(make_results(0.5))
    assert table.rows == [["holes (number)", "8", "certain end", "1", "1.5", "-0.500 [-0.600, -0.400]"]]
    assert "the largest is 0.10" in table.caption


def test_few_images_and_points_have_none():
    few = drawn(0, n=4 * FEWEST - 4)
    assert of_evaluation(Found(few, drawn(1), drawn(2))) is None
    assert of_evaluation(Found(drawn(0), drawn(1), drawn(2), is_image=False)) is None


def test_the_difference_of_what_hardly_varies_is_none_and_of_one_side_that_varies_is_some():
    constant = np.full(100, 0.1)
    assert standardised(constant, np.nextafter(constant, 1)) is None
    assert standardised(constant, constant + np.arange(100)).value == pytest.approx(-49.5 / np.sqrt(833.25 * 100 / 198))


def test_an_interval_holds_the_true_difference_in_95_of_100_simulations():
    rng, true = np.random.default_rng(0), -0.6
    held = 0
    for _ in range(1_000):
        found = standardised(rng.normal(true, 1, 150), rng.normal(0, 1, 100))
        held += found.low < true < found.high
    assert held / 1_000 == pytest.approx(0.95, abs=0.02)
