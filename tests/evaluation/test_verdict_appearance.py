"""The verdict on fine detail, texture and the shares of clusters, on made-up measurements."""

from dataclasses import replace

import pytest
from made_up_measurements import cell, faults, manifold, overlap, verdict

from uqgen.evaluation.manifold import InBin, InCell, Manifold
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.cluster_shares import ClusterShares, InCluster
from uqgen.metrics.ratio import Ratio
from uqgen.metrics.share_ratio import ShareRatio


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
