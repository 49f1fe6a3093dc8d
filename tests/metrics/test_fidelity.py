import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from torch import nn
from torchmetrics.image.kid import KernelInceptionDistance

from uqgen.metrics import fidelity as module
from uqgen.metrics.fidelity import compare_features, extract_features

F = 6


@pytest.fixture(autouse=True)
def _small_subsets(monkeypatch):
    monkeypatch.setattr(module, "KID_SUBSET_SIZE", 100)


def exact_gaussian(n, mean, covariance, seed):
    """Points whose mean and unbiased covariance are exactly those requested, float64 [n, F]."""
    drawn = np.random.default_rng(seed).normal(size=(n, len(mean)))
    centred = drawn - drawn.mean(axis=0)
    white = centred @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(centred.T)))).T
    return torch.from_numpy(white @ np.linalg.cholesky(covariance).T + mean)


def random_covariance(seed):
    factor = np.random.default_rng(seed).normal(size=(F, F))
    return factor @ factor.T / F + 0.1 * np.eye(F)


def frechet(mean_a, covariance_a, mean_b, covariance_b):
    root = sqrtm(covariance_a @ covariance_b).real
    return np.sum((mean_a - mean_b) ** 2) + np.trace(covariance_a + covariance_b - 2 * root)


def squared_mmd(a, b):
    """The unbiased estimate, summed pair by pair: Gretton et al. (2012), equation 3."""

    def kernel(x, y):
        return (float(x @ y) / len(x) + 1) ** 3

    within_a = np.mean([kernel(x, y) for i, x in enumerate(a) for j, y in enumerate(a) if i != j])
    within_b = np.mean([kernel(x, y) for i, x in enumerate(b) for j, y in enumerate(b) if i != j])
    return within_a + within_b - 2 * np.mean([kernel(x, y) for x in a for y in b])


def test_fid_is_the_frechet_distance_of_gaussians():
    mean_a, mean_b = np.random.default_rng(0).normal(size=(2, F))
    covariance_a, covariance_b = random_covariance(1), random_covariance(2)
    a, b = exact_gaussian(40, mean_a, covariance_a, 3), exact_gaussian(90, mean_b, covariance_b, 4)
    expected = frechet(mean_a, covariance_a, mean_b, covariance_b)
    assert compare_features(a, b).fid == pytest.approx(expected, rel=1e-8)


def test_fid_in_one_dimension_compares_means_and_deviations():
    a, b = exact_gaussian(30, [1.0], [[4.0]], 0), exact_gaussian(30, [4.0], [[25.0]], 1)
    assert compare_features(a, b).fid == pytest.approx((4 - 1) ** 2 + (5 - 2) ** 2)


def test_fid_of_draws_nears_that_of_their_distributions():
    rng = np.random.default_rng(0)
    covariance_a, covariance_b = random_covariance(1), random_covariance(2)
    a = torch.from_numpy(rng.multivariate_normal(np.zeros(F), covariance_a, 50_000))
    b = torch.from_numpy(rng.multivariate_normal(np.ones(F), covariance_b, 50_000))
    expected = frechet(np.zeros(F), covariance_a, np.ones(F), covariance_b)
    assert compare_features(a, b).fid == pytest.approx(expected, rel=0.02)


def test_set_has_no_distance_from_itself():
    a = exact_gaussian(200, np.full(F, 100.0), random_covariance(0), 0)
    assert compare_features(a, a.flip(0)).fid == pytest.approx(0, abs=1e-8)


def test_kid_is_the_unbiased_squared_mmd():
    # With as many features as a subset holds, every subset is the whole.
    a, b = torch.randn(25, F).double(), torch.randn(25, F).double() + 0.5
    result = compare_features(a, b)
    assert result.kid == pytest.approx(squared_mmd(a, b))
    assert result.kid_std == pytest.approx(0, abs=1e-8)


@pytest.mark.slow
def test_kid_averages_to_zero_for_one_distribution():
    kids = [compare_features(*torch.randn(2, 30, F, dtype=torch.float64)).kid for _ in range(60)]
    assert abs(np.mean(kids)) < 3 * np.std(kids) / np.sqrt(len(kids))


def test_kid_subsets_come_from_the_seed_alone():
    a, b = torch.randn(150, F).double(), torch.randn(120, F).double()
    state = torch.get_rng_state()
    first = compare_features(a, b, seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(10)
    assert compare_features(a, b, seed=1) == first
    assert compare_features(a, b, seed=2).kid != first.kid
    assert first.kid_std > 0


def test_features_of_many_batches_keep_their_order():
    images = torch.rand(1_234, 1, 4, 4) * 2 - 1
    features = extract_features(images, nn.Flatten())
    assert features.dtype == torch.float32
    assert torch.equal(features, images.flatten(1))


def test_the_kernel_distance_is_torchmetrics():
    a, b = torch.randn(300, 6), torch.randn(200, 6) + 0.3
    kid = KernelInceptionDistance(nn.Identity(), subset_size=100)
    kid.update(a.double(), real=True)
    kid.update(b.double(), real=False)
    torch.manual_seed(7)
    mean, std = kid.compute()
    found = compare_features(a, b, seed=7)
    assert (found.kid, found.kid_std) == (float(mean), float(std))


@pytest.mark.parametrize(("real", "fake"), [((1, 3), (9, 3)), ((9, 3), (0, 3)), ((9, 3), (9, 4))])
def test_too_few_features_are_refused(real, fake):
    with pytest.raises(ValueError, match="features must be"):
        compare_features(torch.zeros(real), torch.zeros(fake))
