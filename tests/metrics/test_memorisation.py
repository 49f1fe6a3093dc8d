import pytest
import torch
from scipy.spatial.distance import cdist

from uqgen.metrics import memorisation as module
from uqgen.metrics.memorisation import memorisation, nearest_distance


def images(n, seed, size=6):
    return torch.randint(256, (n, 1, size, size), generator=torch.Generator().manual_seed(seed)).to(torch.uint8)


def test_distances_of_images_are_those_of_scipy(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 7)
    x, train = images(20, 0), images(90, 1)
    expected = cdist(x.flatten(1).double() / 255, train.flatten(1).double() / 255).min(axis=1)
    assert nearest_distance(x, train).tolist() == pytest.approx(expected.tolist(), rel=1e-5)


def test_distances_of_points_keep_their_digits():
    train = torch.randn(1_000, 2)
    x = train[:50] + torch.tensor([1e-6, 0.0])
    expected = cdist(x.double(), train.double()).min(axis=1)
    assert nearest_distance(x, train).tolist() == pytest.approx(expected.tolist(), rel=1e-2)


def test_a_training_image_is_found_and_one_grey_level_is_seen():
    train = images(50, 0, size=32)
    nearly = train.clone()
    nearly[:, 0, 0, 0] = torch.where(nearly[:, 0, 0, 0] > 0, nearly[:, 0, 0, 0] - 1, 1)
    assert nearest_distance(train.flip(0), train).max() < 0.02
    assert nearest_distance(255 - train, train).min() > 1


def test_one_in_a_hundred_real_images_is_nearer_than_the_threshold():
    real, train = torch.randn(5_000, 2), torch.randn(300, 2)
    found = memorisation(real, real, train)
    assert found.share == pytest.approx(0.01)
    assert found.median_generated == found.median_real
    assert found.median_real == pytest.approx(nearest_distance(real, train).median().item(), rel=0.01)


@pytest.mark.parametrize("n_copied", [0, 25, 100])
def test_the_share_is_that_of_what_was_copied(n_copied):
    train, new = images(200, 0), images(100, 1)
    generated = torch.cat([train[:n_copied], images(100 - n_copied, 2)])
    found = memorisation(generated, new, train)
    assert found.share == pytest.approx(n_copied / 100, abs=0.04)
    assert (found.n_generated, found.n_real) == (100, 100)
    assert found.threshold > 0.5


def test_copies_are_found_where_unseen_real_images_repeat_training_images_as_well():
    train, new = images(200, 0), images(100, 1)
    repeated, copied = new.clone(), train[:100].clone()
    repeated[:3] = train[:3]
    copied[:, 0, 0, 0] = torch.where(copied[:, 0, 0, 0] > 0, copied[:, 0, 0, 0] - 1, 1)
    found = memorisation(copied, repeated, train)
    assert found.share == 1
    assert found.duplicates == pytest.approx(0.03)
    assert memorisation(images(100, 2), repeated, train).share < 0.05
    assert memorisation(copied, train, train).share == 1
