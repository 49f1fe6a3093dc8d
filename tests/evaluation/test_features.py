import hashlib

import pytest
import torch

from uqgen.data.corruption import Corruption
from uqgen.data.images import SIZES
from uqgen.data.mnist import MNISTDataModule
from uqgen.evaluation.feature_training import taught_corruption
from uqgen.evaluation.features import FeatureNetwork, feature_accuracy, load_features
from uqgen.metrics.fidelity import compare_features, extract_features
from uqgen.settings import SettingError

WEIGHTS = MNISTDataModule.feature_weights
OF_MNIST = (MNISTDataModule.shape, MNISTDataModule.n_classes)


@pytest.fixture(scope="module")
def network():
    return load_features(WEIGHTS, *OF_MNIST)


@pytest.fixture(scope="module")
def test_images(mnist_folder):
    data = MNISTDataModule(mnist_folder, taught_corruption(MNISTDataModule.shape[-1]), limit=4_000)
    data.setup()
    return data.test


def test_weights_of_mnist_are_small_plain_and_those_of_all_numbers_published(network):
    assert WEIGHTS.stat().st_size < 400_000
    state = torch.load(WEIGHTS, weights_only=True)
    assert state.keys() == network.state_dict().keys()
    digest = hashlib.sha256(b"".join(value.numpy().tobytes() for value in network.body.state_dict().values()))
    assert digest.hexdigest() == "a5bf966eecd539ef585aba0a63db27354d92563bc773503ecba0f3c13ebd450d"


def test_features_of_mnist_are_those_of_all_numbers_published(network):
    axis = torch.linspace(-1, 1, 32)
    images = torch.stack([axis.expand(32, 32), axis[:, None].expand(32, 32), torch.outer(axis, axis)])
    expected = torch.tensor([86.432022, 88.706985, 73.450935])
    torch.testing.assert_close(network(images[:, None]).sum(dim=1), expected, rtol=1e-4, atol=0)


def test_network_is_frozen(network):
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_digit_and_corruption_of_real_images_are_told(network, test_images):
    digit, corruption = feature_accuracy(network, test_images)
    assert digit > 0.93
    assert corruption > 0.98


def test_features_are_finite_and_none_is_constant(network, test_images):
    found = network(test_images[:].x)
    assert found.shape == (4_000, network.num_features)
    assert found.dtype == torch.float32
    assert found.isfinite().all()
    assert (found.std(dim=0) > 0.1).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", SIZES)
def test_images_of_every_size_are_seen_alike_and_to_the_last_pixel_and_channel(size, channels):
    network, grids = FeatureNetwork((channels, size, size), 2).eval(), []
    network.body[0].register_forward_hook(lambda _layer, _images, found: grids.append(tuple(found.shape[2:])))
    images = torch.rand(2, channels, size, size)
    changed = images.clone()
    changed[:, -1, -1, -1] = -1
    found = network(images)
    assert found.shape == (2, network.num_features)
    assert (found != network(changed)).any(dim=1).all()
    assert grids == [(16, 16)] * 2


def test_weights_that_do_not_fit_or_hold_code_are_refused(tmp_path):
    with pytest.raises(SettingError, match=r"^features="):
        load_features(WEIGHTS, (3, 32, 32), 10)
    torch.save({"state_dict": Corruption()}, tmp_path / "code.pt")
    with pytest.raises(SettingError, match=r"^features="):
        load_features(tmp_path / "code.pt", *OF_MNIST)


def test_features_see_blur_noise_and_missing_digits(network, test_images):
    clean = test_images.subset(test_images.corruption == 0).subset(slice(500))
    images, label = clean[:].x, clean.label
    half = extract_features(images[::2], network)

    def fid(others):
        return compare_features(half, extract_features(others, network)).fid

    floor = fid(images[1::2])
    generator = torch.Generator().manual_seed(0)
    noisy = (images + 0.1 * torch.randn(images.shape, generator=generator)).clamp(-1, 1)
    assert fid(noisy) > 5 * floor
    assert fid(torch.nn.functional.avg_pool2d(images, 3, stride=1, padding=1)) > 5 * floor
    assert fid(images[label != 7]) > 1.5 * floor
