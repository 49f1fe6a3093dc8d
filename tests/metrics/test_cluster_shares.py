import numpy as np
import pytest
import torch

from uqgen.metrics.cluster_shares import Clusters

PLACES = torch.tensor([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0]])


def drawn(counts: list[int], seed: int) -> torch.Tensor:
    """Points about each of the places, as many as there are counts for."""
    rng = torch.Generator().manual_seed(seed)
    places = PLACES.repeat_interleave(torch.tensor(counts), dim=0)
    return places + torch.randn(places.shape, generator=rng)


REAL = [500, 300, 200]


@pytest.fixture(scope="module")
def clusters() -> Clusters:
    other = drawn([520, 300, 180], 1)
    is_precise = other[:, 0] < 20  # and so half of the second cluster
    return Clusters.of(drawn(REAL, 0), other, 3, 0, is_precise, detail=lambda centres: centres[:, 1])


def test_clusters_are_those_of_the_data_the_largest_first(clusters):
    assert clusters.real.tolist() == REAL
    assert clusters.other.tolist() == [520, 300, 180]
    torch.testing.assert_close(clusters.centres, PLACES.double(), atol=0.2, rtol=0)


def test_typical_data_are_those_nearest_to_a_centre(clusters):
    real = drawn(REAL, 0)
    assert clusters.typical.shape == (3, 8)
    for centre, positions in zip(clusters.centres, clusters.typical, strict=True):
        distance = (real.double() - centre).norm(dim=1)
        assert sorted(positions.tolist()) == sorted(distance.argsort()[:8].tolist())


def test_the_distance_is_the_share_that_would_have_to_be_of_another_cluster(clusters):
    found = clusters.shares(drawn([100, 60, 40], 2))
    assert (found.distance.generated, found.distance.real) == pytest.approx((0, 0.02))
    found = clusters.shares(drawn([600, 380, 20], 2))
    assert found.distance.generated == pytest.approx(0.18)  # 0.1 and 0.08 too many, 0.18 too few
    assert [(each.share.real, each.share.generated) for each in found.clusters] == [
        (0.5, 0.6),
        (0.3, 0.38),
        (0.2, 0.02),
    ]


def test_the_ratio_has_the_interval_of_katz(clusters):
    ratio = clusters.shares(drawn([600, 380, 20], 2)).clusters[2].share.ratio
    deviation = np.sqrt(1 / 20 - 1 / 1000 + 1 / 200 - 1 / 1000)  # of the logarithm
    assert ratio.value == pytest.approx(0.1)
    assert (ratio.low, ratio.high) == pytest.approx(0.1 * np.exp([-1.96 * deviation, 1.96 * deviation]), rel=1e-3)


def test_nothing_in_a_cluster_is_less_than_one_image_in_it(clusters):
    none, one = (clusters.shares(drawn([500 - n, 300, n], 2)).clusters[2].share.ratio for n in (0, 1))
    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(one.high)


def test_as_many_clusters_as_there_are_different_data():
    same = torch.ones(50, 2)
    found = Clusters.of(torch.cat([same, -same[:10]]), same, k=4, seed=0).shares(same)
    assert [(each.share.real, each.share.generated) for each in found.clusters] == [(50 / 60, 1), (10 / 60, 0)]
    assert [(each.precision, each.detail) for each in found.clusters] == [(None, None)] * 2  # not asked for


def test_precision_is_of_the_data_in_each_cluster(clusters):
    generated = drawn([100, 60, 40], 2)
    found = clusters.shares(generated, torch.arange(200) % 4 > 0).clusters
    assert [each.precision.generated for each in found] == [0.75, 0.75, 0.75]
    of_second = float((drawn([520, 300, 180], 1)[520:820, 0] < 20).double().mean())
    assert [each.precision.real for each in found] == pytest.approx([1, of_second, 1])
    assert [each.detail for each in found] == pytest.approx([0, 0, 20], abs=0.2)


def test_of_few_data_in_a_cluster_no_precision_is_given(clusters):
    every = torch.ones(129, dtype=torch.bool)
    found = clusters.shares(drawn([70, 30, 29], 2), every).clusters
    assert [each.precision is None for each in found] == [False, False, True]
