import pytest
import torch

from uqgen.data.corruption import Corruption
from uqgen.data.labelled import LabelledData
from uqgen.data.mnist import MNISTDataModule
from uqgen.evaluation import features
from uqgen.evaluation.features import WEIGHTS, MNISTFeatures, accuracy, load_features, train_features
from uqgen.evaluation.fidelity import compare_features, extract_features


@pytest.fixture(scope="module")
def network():
    return load_features()


@pytest.fixture(scope="module")
def test_images(mnist_folder):
    data = MNISTDataModule(mnist_folder, Corruption(), limit=1_000)
    data.setup()
    return data.test


def test_weights_are_small_and_plain():
    assert WEIGHTS.stat().st_size < 400_000
    state = torch.load(WEIGHTS, weights_only=True)
    assert state.keys() == MNISTFeatures().state_dict().keys()


def test_network_is_frozen(network):
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_digit_and_corruption_of_real_images_are_told(network, test_images):
    digit, corruption = accuracy(network, test_images)
    assert digit > 0.93
    assert corruption > 0.98


def test_features_are_finite_and_none_is_constant(network, test_images):
    found = network(test_images[:].x)
    assert found.shape == (1_000, network.num_features)
    assert found.dtype == torch.float32
    assert found.isfinite().all()
    assert (found.std(dim=0) > 0.1).all()


def test_features_of_other_images_are_those_of_each_channel_at_32_pixels(network):
    images = torch.rand(5, 3, 32, 32) * 2 - 1
    with torch.inference_mode():
        alone = [network(images[:, channel : channel + 1]) for channel in range(3)]
        torch.testing.assert_close(network(images), torch.cat(alone, dim=1))
        small = torch.full((2, 1, 8, 8), 0.5)
        torch.testing.assert_close(network(small), network(torch.full((2, 1, 32, 32), 0.5)))


def test_features_see_blur_noise_and_missing_digits(network, test_images):
    clean = test_images.subset(test_images.corruption == 0)
    images, label = clean[:].x, clean.label
    half = extract_features(images[::2], network)

    def fid(others):
        return compare_features(half, extract_features(others, network)).fid

    floor = fid(images[1::2])
    generator = torch.Generator().manual_seed(0)
    assert fid(images + 0.1 * torch.randn(images.shape, generator=generator)) > 5 * floor
    assert fid(torch.nn.functional.avg_pool2d(images, 3, stride=1, padding=1)) > 5 * floor
    assert fid(images[label != 7]) > 1.5 * floor


def test_training_learns_and_repeats(monkeypatch):
    monkeypatch.setattr(features, "BATCH_SIZE", 32)
    # Four classes of stripes: (label, corruption) decide direction and strength.
    stripes = torch.zeros(2, 1, 32, 32, dtype=torch.uint8)
    stripes[0, :, ::4] = stripes[1, :, :, ::4] = 255
    label = torch.arange(320) % 2
    corruption = torch.arange(320) // 2 % 2
    images = stripes[label] // (1 + corruption.byte()[:, None, None, None])
    data = LabelledData(images, label, corruption, 3 * corruption)
    state = torch.get_rng_state()
    first = train_features(data, seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(1)
    second = train_features(data, seed=1)
    assert accuracy(first, data) == (1.0, 1.0)
    for ours, again in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(ours, again)
