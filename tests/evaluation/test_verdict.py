"""Each rule of the verdict on made-up measurements; tests/evaluation/test_planted_faults.py has images."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from uqgen.evaluation.cells import Cell, together
from uqgen.evaluation.manifold import InBin, InCell, Manifold
from uqgen.evaluation.verdict import judge_generator
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.cluster_shares import ClusterShares, InCluster
from uqgen.metrics.local_sensitivity import LocalSensitivity
from uqgen.metrics.memorisation import Memorisation
from uqgen.metrics.overlap import Overlap
from uqgen.metrics.ratio import Ratio
from uqgen.metrics.share_ratio import ShareRatio
from uqgen.metrics.two_sample import TwoSample


def overlap(precision=0.9, recall=0.9, coverage=0.9, half=0.05) -> Overlap:
    sides = [Estimate(value, value - half, value + half) for value in (precision, recall, 1.0, coverage)]
    return Overlap(*sides)


def cell(error=0.02, **measures) -> InCell:
    return InCell(900, 300, 200, overlap(**measures), overlap(), Estimate(error, error - 0.01, error + 0.01))


NOTHING = InCell(90, 30, 0)


def manifold(certain=None, below=None) -> Manifold:
    return Manifold(
        5,
        InBin(0.99, 1.0, None, {"cat": cell(), "dog": certain or cell()}),
        (InBin(0.5, 0.7, None, {"cat": cell(), "dog": below or cell()}),),
        None,
        None,
    )


def verdict(
    found=None, noise=1.0, shift=1.0, judged=(0.7, 0.75), memorisation=0.01, pearson=0.95, error=0.02, gap=0.0,
    isolated=None, told_apart=None, **appearance,
):  # fmt: skip
    controls = SimpleNamespace(
        local_sensitivity=LocalSensitivity(Ratio.of(noise, 1.0), None if shift is None else Ratio.of(shift, 1.0)),
        matched_real=SimpleNamespace(
            judges_pearson={"judge 1": Ratio.of(*judged)} if judged else {},
            class_agreement_gap={"data": 0.0, "uniform": gap},
        ),
        memorisation=Memorisation(memorisation, 1.0, 2.0, 2.0, 100, 100),
        isolated_pixels=isolated,
        two_sample=told_apart,
    )
    mae = Estimate(error, error - 0.01, error + 0.01)
    uniform = SimpleNamespace(pearson=Estimate(pearson, pearson, pearson), mae=mae)
    return judge_generator(found or manifold(), appearance, controls, uniform, (0.3, 1.0), "image")


def faults(found) -> list[str]:
    return [finding.fault for finding in found.findings]


def test_blur_or_noise_in_places_where_no_real_image_has_it_is_named_by_the_detail():
    found = verdict(detail=manifold(certain=cell(precision=0.3)))
    assert faults(found) == ["detail"]
    assert (
        "At the certain end, images of class dog have 33 % of the precision of real ones in fine detail" in found.text
    )
    assert found.worst["detail"].value == pytest.approx(1 / 3)
    assert verdict(detail=manifold(certain=cell(recall=0.3))).is_sound  # of which the other measures tell


def test_speckles_are_named_by_the_texture():
    found = verdict(detail=manifold(), texture=manifold(below=cell(precision=0.45)))
    assert faults(found) == ["texture"]
    assert (
        "At scores from 0.5 to 0.7, images of class dog have 50 % of the precision of real ones in texture"
        in found.text
    )
    assert found.worst["texture"].value == pytest.approx(0.5)
    assert "texture" not in verdict().worst


@pytest.mark.parametrize(
    ("precision", "half", "expected"),
    [
        (0.8, 0.01, ["texture"]),
        (0.8, 0.1, []),  # the interval of the mean reaches beyond the limit
        (0.87, 0.0, []),  # 0.97 of the floor
    ],
)
def test_what_a_few_images_of_each_class_have_is_named_in_all_of_them_together(precision, half, expected):
    each = InCell(900, 300, 200, overlap(precision, half=half), overlap(half=half), Estimate(0.02, 0.01, 0.03))
    parts = [InBin(low, high, None, {"cat": each, "dog": each}) for low, high in ((0.99, 1.0), (0.5, 0.7))]
    found = verdict(texture=Manifold(5, parts[0], (parts[1],), None, None))
    assert faults(found) == expected
    text = "In all classes and parts of the range together, images have 89 % of the precision of real ones in texture"
    assert (text in found.text) == bool(expected)


def test_the_interval_of_a_mean_of_cells_adds_their_errors_in_quadrature():
    part = InBin(0.99, 1.0, None, {})
    sides = [overlap(0.6, half=0.03), overlap(0.8, half=0.04)], [overlap(0.9, half=0.06), overlap(0.9, half=0.08)]
    cells = [Cell("cat", part, True, InCell(900, 300, 200, *both)) for both in zip(*sides, strict=True)]
    found, (ours, floor) = together(cells, "precision"), (0.025, 0.05)  # halves of the two means
    assert found.value == pytest.approx(0.7 / 0.9)
    half = found.value * ((ours / 0.7) ** 2 + (floor / 0.9) ** 2) ** 0.5
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half))


def shares(*clusters: tuple[float, float, float]) -> ClusterShares:
    """Of real and generated data; the third is how far the interval of the ratio reaches to either side."""
    found = [InCluster(_ratio(*each)) for each in clusters]
    return ClusterShares(Ratio.of(0.1, 0.02), tuple(found))


def _ratio(real: float, generated: float, half: float) -> ShareRatio:
    value = generated / real
    return ShareRatio(real, generated, Estimate(value, value - half, value + half))


@pytest.mark.parametrize(
    ("clusters", "expected"),
    [
        ([(0.9, 0.98, 0.05), (0.1, 0.02, 0.1)], ["wrong shares"]),
        ([(0.9, 0.7, 0.05), (0.1, 0.3, 0.5)], ["wrong shares"]),
        ([(0.9, 0.98, 0.05), (0.1, 0.02, 0.4)], []),  # the interval reaches beyond the limit
        ([(0.9, 0.95, 0.05), (0.1, 0.05, 0.01)], []),  # half as many
        ([(0.98, 0.999, 0.01), (0.02, 0.001, 0.01)], []),  # a twentieth, of images that hardly ever occur
    ],
)
def test_a_cluster_that_is_too_small_or_too_large_has_the_wrong_share(clusters, expected):
    base = manifold()
    found = verdict(texture=replace(base, below=(replace(base.below[0], shares=shares(*clusters)),)))
    assert faults(found) == expected


def test_wrong_shares_are_told_of_the_cluster_that_is_farthest_off():
    base = manifold()
    certain = replace(base.certain, shares=shares((0.79, 0.96, 0.02), (0.16, 0.03, 0.1), (0.05, 0.01, 0.1)))
    found = verdict(replace(base, certain=certain))
    assert found.findings[0].text == (
        "At the certain end, a cluster of images that are alike holds 16 % of the real ones and 3 % of the generated "
        "ones (2 of 3 clusters are less than half or more than twice as large)."
    )


def looks(*clusters: tuple[float, float, float], half: float = 0.05) -> Manifold:
    """Fine detail at the certain end: shares, precision of real and of generated images; the most detail first."""
    found = [
        InCluster(_ratio(share, share, 0.1), _ratio(real, generated, half), detail=-number)
        for number, (share, real, generated) in enumerate(clusters)
    ]
    base = manifold()
    return replace(base, certain=replace(base.certain, shares=ClusterShares(Ratio.of(0.1, 0.02), tuple(found))))


GOOD = (0.25, 0.9, 0.9)


@pytest.mark.parametrize(
    ("clusters", "half", "says"),
    [
        ([GOOD, GOOD, GOOD, (0.25, 1.0, 0.75)], 0.05, "the least fine detail (25 % of those made there) have 75 %"),
        ([(0.2, 0.9, 0.7), GOOD, GOOD, GOOD], 0.05, "the most fine detail (20 % of those made there) have 78 %"),
        ([GOOD, (0.2, 0.9, 0.7), GOOD, GOOD], 0.05, "the second most fine detail (20 % of those made there) have 78 %"),
        ([GOOD, GOOD, (0.2, 0.9, 0.7), GOOD], 0.05, "the second least fine detail (20 % of those made there) have"),
        # of two, that with the more images astray, whose precision is the better: 0.095 and 0.06 of all
        ([(0.5, 0.95, 0.76), (0.3, 0.5, 0.3), GOOD, GOOD], 0.05, "the most fine detail (50 % of those made there)"),
        ([GOOD, GOOD, GOOD, (0.25, 1.0, 0.75)], 0.2, ""),  # the interval reaches beyond the limit
        ([GOOD, GOOD, GOOD, (0.03, 1.0, 0.75)], 0.05, ""),  # less than a hundredth of the images
    ],
)
def test_a_flaw_of_one_kind_of_image_is_named_with_that_kind(clusters, half, says):
    found = verdict(detail=looks(*clusters, half=half))
    assert faults(found) == (["detail"] if says else [])
    assert (f"At the certain end, images nearest to real ones with {says}" in found.text) == bool(says)
    assert ("(also in 1 more of 4 clusters)" in found.text) == (clusters[:2].count(GOOD) == 0)


def test_a_flaw_of_one_kind_is_told_beside_that_of_a_class():
    kind = looks(GOOD, GOOD, GOOD, (0.25, 1.0, 0.75))
    certain = replace(kind.certain, classes={"dog": cell(precision=0.3)})
    found = verdict(detail=replace(kind, certain=certain))
    assert faults(found) == ["detail"]
    assert "images of class dog have 33 % of the precision of real ones in fine detail" in found.text
    assert "images nearest to real ones with the least fine detail" in found.text
    assert found.text.count("the rest have blur") == 1


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
