import time
from dataclasses import fields

import numpy as np
import pytest
import torch
from prdc import compute_prdc

from uqgen.metrics.overlap import Overlap, is_within, overlap, values


def _normal(n: int, seed: int, n_features: int = 8, shift: float = 0.0, width: float = 1.0) -> torch.Tensor:
    noise = torch.randn(n, n_features, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return width * noise + shift


@pytest.mark.parametrize(("shift", "width"), [(0.0, 1.0), (0.5, 1.0), (0.0, 0.5), (0.0, 2.0), (9.0, 1.0)])
@pytest.mark.parametrize("k", [3, 5])
def test_the_values_are_those_of_the_authors_package(shift, width, k):
    real, generated = _normal(301, 0), _normal(257, 1, shift=shift, width=width)
    expected = compute_prdc(real.numpy(), generated.numpy(), nearest_k=k)
    assert values(overlap(real, generated, k)) == pytest.approx(expected, abs=1e-12)
    assert float(is_within(real, generated, k).double().mean()) == pytest.approx(expected["precision"], abs=1e-12)


def test_each_replicate_is_the_authors_value_without_a_group():
    real, generated = _normal(120, 0), _normal(105, 1, shift=0.3)
    left = [
        compute_prdc(*(side[np.arange(len(side)) % 10 != group] for side in (real.numpy(), generated.numpy())), 5)
        for group in range(10)
    ]
    found = overlap(real, generated)
    for measure in fields(Overlap):
        replicates = np.array([each[measure.name] for each in left])
        estimate = getattr(found, measure.name)
        half = 2.262157 * np.sqrt(9 / 10 * ((replicates - replicates.mean()) ** 2).sum())  # Student's t, 9 degrees
        assert estimate.value - estimate.low == pytest.approx(half, rel=1e-5)


def test_one_point_over_and_over_has_precision_and_covers_next_to_nothing():
    real = _normal(200, 0)
    found = values(overlap(real, real[:1].repeat(200, 1) + 1e-6 * _normal(200, 1)))
    assert found["precision"] == 1
    assert found["recall"] <= 0.01
    assert found["coverage"] < 0.2


def test_what_differs_by_less_than_can_be_seen_lies_among_samples_that_are_all_but_the_same():
    real, generated = _normal(200, 0, width=1e-4), _normal(200, 1, width=1e-4, shift=1e-2)
    assert values(overlap(real, generated))["precision"] == 0
    assert values(overlap(real, generated, least=0.1)) == {"precision": 1, "recall": 1, "density": 40, "coverage": 1}
    assert values(overlap(real, generated + 1, least=0.1))["precision"] == 0


@pytest.mark.slow
def test_a_95_percent_interval_holds_the_mean_over_many_samples_about_so_often():
    n, repeats = 200, 150
    found = [overlap(_normal(n, 2 * i), _normal(n, 2 * i + 1, shift=0.4)) for i in range(repeats)]
    for measure in fields(Overlap):
        estimates = [getattr(each, measure.name) for each in found]
        truth = np.mean([estimate.value for estimate in estimates])
        assert 0.9 <= np.mean([estimate.low <= truth <= estimate.high for estimate in estimates]) <= 1.0, measure.name


def test_too_few_samples_and_other_features_are_refused():
    with pytest.raises(ValueError, match="well above k = 5"):
        overlap(_normal(6, 0), _normal(100, 1))
    with pytest.raises(ValueError, match=r"\[100, 8\] and \[100, 3\]"):
        overlap(_normal(100, 0), _normal(100, 1, n_features=3))


def test_as_much_as_an_evaluation_asks_takes_seconds():
    start = time.process_time()
    for seed in range(5):  # of 50 classes and bins of 500 images with 256 features each
        overlap(_normal(500, seed, 256), _normal(500, seed + 50, 256))
    assert time.process_time() - start < 5
