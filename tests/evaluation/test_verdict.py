"""Each rule of the verdict on made-up measurements; tests/evaluation/test_planted_faults.py has images."""

from dataclasses import replace

import pytest
from made_up_measurements import NOTHING, cell, faults, manifold, overlap, verdict

from uqgen.evaluation.cells import Cell, together
from uqgen.evaluation.manifold import InBin, InCell, Manifold
from uqgen.metrics.attribute_differences import AttributeDifference, AttributeDifferences
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.share_ratio import ShareRatio
from uqgen.metrics.two_sample import TwoSample


def test_the_interval_of_a_mean_of_cells_adds_their_errors_in_quadrature():
    part = InBin(0.99, 1.0, None, {})
    sides = [overlap(0.6, half=0.03), overlap(0.8, half=0.04)], [overlap(0.9, half=0.06), overlap(0.9, half=0.08)]
    cells = [Cell("cat", part, True, InCell(900, 300, 200, *both)) for both in zip(*sides, strict=True)]
    found, (ours, floor) = together(cells, "precision"), (0.025, 0.05)  # halves of the two means
    assert found.value == pytest.approx(0.7 / 0.9)
    half = found.value * ((ours / 0.7) ** 2 + (floor / 0.9) ** 2) ** 0.5
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half))


@pytest.mark.parametrize("side", ["generated", "floor"])
def test_the_interval_of_a_mean_is_as_wide_as_it_was_before_ends_were_cut_at_1(side):
    part, whole, cut = InBin(0.99, 1.0, None, {}), overlap(0.98, half=0.05), overlap(0.98, half=0.05)
    cut = replace(cut, precision=replace(cut.precision, high=1.0))
    as_they_were = InCell(900, 300, 200, generated=whole, floor=whole)
    found, expected = (
        together([Cell("cat", part, True, replace(as_they_were, **{side: each}))] * 3, "precision")
        for each in (cut, whole)
    )
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    ("n_real", "n_generated", "expected"),
    [
        (6, 140, ["isolated pixels"]),
        (0, 140, ["isolated pixels"]),
        (6, 6, []),
        (6, 30, []),  # 2.4 % of the images more
        (100, 190, []),  # not twice as many
        (140, 6, []),  # fewer than in real images, which no eye finds
    ],
)
def test_isolated_pixels_are_named_where_many_more_images_have_one(n_real, n_generated, expected):
    found = verdict(isolated=ShareRatio.of(n_real, n_generated, 1000, 1000))
    assert faults(found) == expected


def test_isolated_pixels_are_told_in_plain_words():
    assert verdict(isolated=ShareRatio.of(6, 140, 1000, 1000)).findings[0].text == (
        "14 % of the generated images with a black or white ground have a pixel on it that differs from all around it, "
        "of the real ones 0.6 %."
    )


@pytest.mark.parametrize(
    ("auroc", "sure", "expected"),
    [
        (0.6, (14, 1000), []),
        (0.86, (14, 1000), []),
        (0.9, (14, 1000), ["told apart"]),
        (0.6, (80, 1000), ["told apart"]),
        (0.6, (38, 1000), []),  # 2.8 percentage points more than of training images
        (0.6, (5, 100), []),  # of few images: the interval reaches below twice as many
    ],
)
def test_images_that_a_small_network_tells_from_real_ones_are_named(auroc, sure, expected):
    half, chance, (n_sure, n) = 0.02, Estimate(0.5, 0.48, 0.52), sure
    told = TwoSample(Estimate(auroc, auroc - half, auroc + half), chance, ShareRatio.of(n // 100, n_sure, n, n))
    found = verdict(told_apart=told)
    assert faults(found) == expected
    assert (f"in {100 * auroc:.0f} % of the pairs (chance is 50 %)" in found.text) == bool(expected)
    assert (
        f"tells {100 * n_sure / n:.0f} % of the generated ones as surely as 1 % of real ones" in found.text
    ) == bool(expected)


def _fewer_holes(by: float, half: float, floor: float = 0.1) -> AttributeDifferences:
    difference = Estimate(-by, -by - half, -by + half)
    told = AttributeDifference("holes", "number", "8", "certain", 0.98, 1.47, difference)
    return AttributeDifferences(by, floor, (told,))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (_fewer_holes(0.8, 0.2), ["attributes"]),
        (_fewer_holes(0.8, 0.4), []),  # which may be chance
        (_fewer_holes(0.4, 0.05), []),
        (_fewer_holes(0.8, 0.2, floor=0.9), []),  # so do training images
    ],
)
def test_an_attribute_whose_mean_differs_in_a_class_is_named(found, expected):
    assert faults(verdict(attributes=found)) == expected


def test_an_attribute_is_told_with_both_means():
    assert verdict(attributes=_fewer_holes(0.8, 0.2)).findings[0].text == (
        'At the certain end, the attribute "holes" of images of class 8 is 0.98 in the mean (number), that of real '
        "ones 1.47: 0.8 standard deviations less."
    )


def test_classes_with_few_images_are_judged_as_one():
    base = manifold()
    certain = replace(base.certain, classes=base.certain.classes | {"emu": NOTHING}, rest=cell(coverage=0.3))
    found = verdict(replace(base, certain=certain))
    assert faults(found) == ["collapse"]
    assert "At the certain end, images of the classes with few real ones there cover 33 % of the real" in found.text
    assert (found.n_measured, found.n_cells) == (4, 5)
    sound = verdict(replace(base, certain=replace(certain, rest=cell())))
    assert sound.is_sound
    assert "each side, and were measured together as one." in sound.text
    below = replace(base.below[0], rest=NOTHING)
    partly = verdict(replace(base, certain=replace(certain, rest=cell()), below=(below,)))
    assert "each side, and were measured together as one in 1 of 2 parts." in partly.text
    assert "as one" not in verdict(replace(base, certain=replace(certain, rest=None), below=(below,))).text


def test_what_reaches_the_floor_is_sound_and_the_worst_class_and_bin_are_named():
    found = verdict(manifold(below=cell(coverage=0.81, precision=0.855)))
    assert (found.is_sound, found.findings) == (True, ())
    assert found.text == (
        "No fault was found. At worst, images of class dog at scores from 0.5 to 0.7 cover 90 % of the real variety, "
        "those of class dog at scores from 0.5 to 0.7 have 95 % of the precision of real ones. All 4 classes and parts "
        "of the range were measured."
    )
    assert found.worst["coverage"].value == pytest.approx(0.9)


def test_a_collapse_is_told_in_plain_words_from_the_worst():
    found = verdict(manifold(certain=cell(coverage=0.117, recall=0.045), below=cell(coverage=0.45)))
    assert faults(found) == ["collapse"]
    assert found.findings[0].text == (
        "At the certain end, images of class dog cover 13 % of the real variety, with 5 % of the recall of real ones "
        "(also in 1 more of 4 classes and parts of the range)."
    )
    assert (found.worst["coverage"].name, found.worst["coverage"].is_certain) == ("class dog", True)


def test_low_recall_alone_is_a_collapse_too():
    assert faults(verdict(manifold(certain=cell(recall=0.2)))) == ["collapse"]


def test_images_that_look_like_none_cover_nothing_and_are_unrealistic_not_collapsed():
    assert faults(verdict(manifold(certain=cell(precision=0.2, coverage=0.2)))) == ["unrealistic"]


@pytest.mark.parametrize(("coverage", "half", "expected"), [(0.6, 0.05, ["collapse"]), (0.6, 0.1, []), (0.7, 0.0, [])])
def test_what_may_be_bad_luck_is_no_finding(coverage, half, expected):
    assert faults(verdict(manifold(certain=cell(coverage=coverage, half=half)))) == expected  # limit: 0.675


def test_requests_that_are_not_followed_are_a_wrong_score():
    found = verdict(manifold(below=cell(error=0.3)))
    assert faults(found) == ["wrong score"]
    assert "miss the requested score by 0.30 on average" in found.text
    assert "by 0.17" in found.text  # (1 - 0.3) / 4
    assert found.worst["error"].value == pytest.approx(0.3 / 0.175)
    assert faults(verdict(manifold(below=cell(error=0.08)))) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"noise": 1.6}, ["adversarial"]),
        ({"shift": 1.6}, ["adversarial"]),
        ({"noise": 1.4, "shift": None}, []),
        ({"judged": (0.3, 0.75)}, ["adversarial"]),
        ({"judged": (0.3, 0.75), "pearson": 0.4}, []),  # of requests that are not followed judges cannot see more
        ({"judged": (0.05, 0.1)}, []),  # judges that do not agree on real images either
        ({"judged": None}, []),
        ({"memorisation": 0.2}, ["memorisation"]),
    ],
)
def test_the_other_controls_have_their_say(changed, expected):
    assert faults(verdict(**changed)) == expected


def test_without_enough_real_images_nothing_is_said_to_be_sound():
    empty = manifold()
    parts = [replace(part, classes=dict.fromkeys(part.classes, NOTHING)) for part in (empty.certain, *empty.below)]
    found = verdict(replace(empty, certain=parts[0], below=tuple(parts[1:])))
    assert (found.is_sound, found.worst, found.n_measured) == (None, {}, 0)
    assert "could not be measured" in found.text
    assert "Measured: 0 of 4 classes" in found.text


def test_scores_missed_on_the_whole_are_named_where_no_class_and_bin_shows_it():
    nothing = Manifold(5, InBin(0.99, 1.0, None, {"cat": NOTHING}), (), None, None)
    for cells in (manifold(), nothing):
        found = verdict(cells, error=0.15)
        assert faults(found) == ["wrong score"]
        assert "Requested uniformly, images miss the requested score by 0.15 on average; always achieving" in found.text
        assert "wrong score" not in faults(verdict(cells, error=0.09))
    assert "At the certain end, images of class dog miss" in verdict(manifold(cell(error=0.12)), error=0.15).text


NAN = float("nan")


def test_a_value_that_is_not_defined_hides_no_fault_beside_it():
    assert faults(verdict(noise=NAN, shift=1.6)) == ["adversarial"]
    assert faults(verdict(noise=1.6, shift=NAN)) == ["adversarial"]
    assert faults(verdict(gap=-0.25, gap_as_in_data=NAN)) == ["wrong class"]
    undefined = InCell(900, 300, 200, overlap(recall=0.2), overlap(coverage=0.0), Estimate(NAN, NAN, NAN))
    base = manifold(below=cell(coverage=0.3, error=0.3))
    found = verdict(replace(base, certain=replace(base.certain, classes={"cat": undefined, "dog": cell()})))
    assert "At scores from 0.5 to 0.7, images of class dog cover 33 %" in found.text
    assert found.worst["coverage"].value == pytest.approx(0.3 / 0.9)
    assert found.worst["error"].value == pytest.approx(0.3 / 0.175)


def test_a_lost_class_is_named():
    found = verdict(gap=-0.25)
    assert faults(found) == ["wrong class"]
    assert (
        "Requested uniformly, images are taken for another class more often than real ones of the same scores"
        in found.text
    )
    assert "by 25 percentage points" in found.text
    assert verdict(gap=-0.05).is_sound
    assert verdict(gap=0.2).is_sound
