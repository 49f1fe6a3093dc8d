import pytest
import torch

from uqgen.evaluation.manifold import measure_manifold
from uqgen.evaluation.real_cells import FeatureSpace, RealCells, ScoredImages
from uqgen.evaluation.score_bins import ScoreBins
from uqgen.metrics.overlap import MEASURES, overlap

BINS = ScoreBins((0.0, 0.5, 1.0), certain_is_last=True)
NAMES = ["a", "b"]


def points(n: int, seed: int, low: float = 0.0) -> ScoredImages:
    """Points about a middle that class and score decide; 70 % of them in the upper bin, class "b" rare."""
    rng = torch.Generator().manual_seed(seed)
    label = (torch.rand(n, generator=rng) < 0.2).long()
    score = torch.rand(n, generator=rng) ** 0.5 * (1 - low) + low
    x = torch.randn(n, 2, generator=rng) + 10 * torch.stack([label, score], dim=1)
    return ScoredImages(x, label, score)


def cells(train: ScoredImages, held_out: ScoredImages, n_most: int = 200, names=NAMES) -> RealCells:
    space = FeatureSpace(torch.Tensor.double, n_clusters=4, detail=lambda features: features[:, 0])
    return RealCells.of(train, held_out, BINS, names, space, n_most, seed=0)


@pytest.fixture(scope="module")
def real() -> RealCells:
    return cells(points(6_000, 0), points(2_000, 1))


def test_both_sides_of_a_cell_have_as_many_real_images_as_there_are_for_both(real):
    train = points(6_000, 0)
    sizes = [(len(cell.train), cell.n_held_out, len(cell.reference)) for cell in real.cells[:4]]
    for number, (n_train, n_held_out, n) in enumerate(sizes):
        label, part = divmod(number, 2)
        inside = (train.label == label) & ((train.score >= 0.5) == bool(part))
        assert n_train == int(inside.sum())
        assert n == min(200, n_train, (n_train + n_held_out) // 2)
    assert {n for *_, n in sizes} == {200}
    few = cells(points(6_000, 0), points(100, 1))  # halves of the training images stand in for held-out ones
    assert [len(cell.reference) for cell in few.cells][2] == (sizes[2][0] + few.cells[2].n_held_out) // 2 < 200


def test_the_floor_is_of_images_that_are_not_among_those_it_is_held_against():
    train = points(6_000, 0)
    for held_out in (points(2_000, 1), points(0, 1)):
        floor = cells(train, held_out).cells[1].floor
        assert 0.9 < floor.coverage.value < 1  # 1 if they were the same ones
        assert floor.density.value == pytest.approx(1, abs=0.2)


def test_what_lacks_is_requested_as_real_images_of_the_cell_are(real):
    train, requested = points(6_000, 0), points(300, 2)
    lacking = real.lacking(requested)
    drawn = ScoredImages(*(part[lacking] for part in train))
    have, more = (torch.bincount(real.cells_of(side), minlength=4) for side in (requested, drawn))
    assert more.tolist() == (200 - have).clamp(min=0).tolist()
    of_cell = drawn.score[real.cells_of(drawn) == 0]
    assert float(of_cell.mean()) == pytest.approx(float(train.score[real.cells[0].train].mean()), abs=0.02)
    assert len(real.lacking(points(12_000, 3))) == 0


def test_other_real_images_reach_the_floor_everywhere(real):
    made = points(12_000, 5)
    found = measure_manifold(real, made, made.score + 0.125, n_resamples=20)
    assert (found.certain.low, found.certain.high) == (0.5, 1.0)
    assert [(part.low, part.high) for part in found.below] == [(0.0, 0.5)]
    for name in MEASURES:
        assert getattr(found.mean, name).ratio == pytest.approx(1, abs=0.1)
    for part in (found.certain, *found.below):
        assert list(part.classes) == NAMES
        for cell in part.classes.values():
            assert (cell.n, cell.error.value) == (200, pytest.approx(0.125, abs=1e-6))


def test_a_cell_holds_its_own_images_against_its_own(real):
    made = points(12_000, 5)
    is_last = real.cells_of(made) == 3
    made.x[is_last] += 100
    found = measure_manifold(real, made, made.score, n_resamples=2)
    assert found.certain.classes["b"].generated.precision.value == 0
    assert found.certain.classes["a"].generated.precision.value > 0.8
    expected = overlap(real.cells[1].reference, made.x[real.cells_of(made) == 1][:200].double())
    assert found.certain.classes["a"].generated == expected
    assert found.certain.mean.precision.generated == pytest.approx(expected.precision.value / 2)


def test_the_clusters_of_a_bin_are_of_all_its_classes(real):
    made = points(12_000, 5)
    found = measure_manifold(real, made, made.score, n_resamples=2)
    for part in (found.certain, *found.below):
        assert sum(cluster.share.real for cluster in part.shares.clusters) == pytest.approx(1)
        assert max(part.shares.distance.generated, part.shares.distance.real) < 0.1
    made.x[made.label == 1] = made.x[made.label == 0][: int(made.label.sum())]
    found = measure_manifold(real, made, made.score, n_resamples=2)
    assert found.certain.shares.distance.generated == pytest.approx(0.5, abs=0.05)  # of two classes, each half
    lacking = measure_manifold(real, ScoredImages(*(part[:300] for part in made)), made.score[:300], n_resamples=2)
    assert lacking.below[0].shares is None


def test_precision_in_the_clusters_adds_up_to_that_of_the_classes(real):
    made = points(12_000, 5)
    made.x[::4] += 100
    found = measure_manifold(real, made, made.score, n_resamples=2).certain
    for side, of_cell in (("generated", "generated"), ("real", "floor")):
        expected = sum(getattr(cell, of_cell).precision.value for cell in found.classes.values()) / 2
        precise = [each for each in found.shares.clusters if each.precision]
        counts = torch.tensor([getattr(each.share, side) for each in precise])
        inside = torch.tensor([getattr(each.precision, side) for each in precise])
        assert float(counts @ inside) == pytest.approx(expected, abs=0.02 if side == "real" else 1e-6)


def test_typical_images_of_a_bin_are_training_images_of_that_bin(real):
    train = points(6_000, 0)
    for number in range(2):
        positions, centres = real.typical(number), real.clusters[number].centres
        assert set(real.cells_of(ScoredImages(*(part[positions.flatten()] for part in train))).tolist()) <= {
            number,
            number + 2,
        }
        nearest = torch.cdist(train.x[positions.flatten()].double(), centres).argmin(dim=1)
        assert nearest.tolist() == [cluster for cluster in range(4) for _ in range(8)]


def test_cells_without_enough_real_or_generated_images_are_left_out():
    few = cells(points(700, 0), points(300, 1))
    made = points(700, 5)
    found = measure_manifold(few, made, made.score, n_resamples=2)
    assert [len(cell.reference) for cell in few.cells][2] == 0
    assert found.below[0].classes["b"].generated is None
    assert found.below[0].classes["b"].n_train == len(few.cells[2].train) > 0
    assert found.below[0].mean.coverage.ratio > 0.8  # of the other class
    nothing = measure_manifold(few, ScoredImages(*(part[:50] for part in made)), made.score[:50], n_resamples=2)
    assert (nothing.mean, nothing.certain.mean) == (None, None)


def test_a_single_name_stands_for_all_classes_together():
    together = cells(points(6_000, 0), points(2_000, 1), names=["all"])
    assert [len(cell.train) for cell in together.cells] == [1452, 4548]
    assert set(together.cells_of(points(100, 3)).tolist()) == {0, 1}


def of_many_classes(n: int, seed: int) -> ScoredImages:
    """Points of a frequent class and of five rare ones, about one place each."""
    rng = torch.Generator().manual_seed(seed)
    label = (torch.rand(n, generator=rng) < 0.3) * torch.randint(1, 6, (n,), generator=rng)
    x = torch.randn(n, 2, generator=rng) + 10 * label[:, None]
    return ScoredImages(x, label, 0.6 + 0.4 * torch.rand(n, generator=rng))


def test_classes_with_too_few_images_are_compared_as_one():
    train, held_out, made = (of_many_classes(n, seed) for seed, n in enumerate((1_200, 500, 4_000)))
    few = cells(train, held_out, names=list("abcdef"))
    numbers = few.cells_of(train)
    assert set(numbers.tolist()) == {1, 13}  # of the second bin: the first class, and all others
    assert torch.equal(numbers == 13, train.label > 0)
    assert sorted(few.cells[13].train.tolist()) == (train.label > 0).nonzero().squeeze(1).tolist()
    found = measure_manifold(few, made, made.score, n_resamples=2).certain
    assert [part.n for part in found.classes.values()] == [200, 0, 0, 0, 0, 0]
    assert (found.rest.n, found.rest.n_held_out) == (200, int((held_out.label > 0).sum()))
    for name in MEASURES:
        assert getattr(found.rest.generated, name).value == pytest.approx(
            getattr(found.rest.floor, name).value, abs=0.1
        )
    assert sum(cluster.share.real for cluster in found.shares.clusters) == pytest.approx(1)
    made.x[made.label > 2] = made.x[made.label == 2][0]  # three of five rare classes are lost
    lost = measure_manifold(few, made, made.score, n_resamples=2).certain
    assert lost.rest.generated.coverage.value < 0.6 < 0.9 < lost.classes["a"].generated.coverage.value


def test_where_no_class_has_too_few_images_there_is_no_rest(real):
    made = points(12_000, 5)
    found = measure_manifold(real, made, made.score, n_resamples=2)
    assert [part.rest for part in (found.certain, *found.below)] == [None, None]
