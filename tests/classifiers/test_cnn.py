import pytest
import torch
import torch.nn.functional as F

from uqgen.classifiers.cnn import CNN
from uqgen.settings import SettingError


@pytest.mark.parametrize(
    ("shape", "n_classes", "channels"),
    [((1, 32, 32), 10, (16, 32)), ((3, 28, 20), 7, (4, 5, 6)), ((2, 9, 8), 2, (3, 3, 3))],
)
def test_images_of_any_size_become_one_logit_a_class(shape, n_classes, channels):
    network = CNN(shape, n_classes, channels, hidden=5)
    logits = network(torch.randn(6, *shape))
    assert (logits.shape, logits.dtype) == ((6, n_classes), torch.float32)


def test_layers_are_those_described():
    network = CNN((1, 12, 12), 3, (4, 5), hidden=6).eval()
    for norm in (network[2], network[6]):
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
    x = y = torch.randn(4, 1, 12, 12)
    for first in (0, 4):
        convolution, norm = network[first], network[first + 2]
        y = F.max_pool2d(F.conv2d(y, convolution.weight, padding=1), 2)
        scale = (norm.running_var + norm.eps).rsqrt() * norm.weight
        y = F.relu((y - norm.running_mean[:, None, None]) * scale[:, None, None] + norm.bias[:, None, None])
    hidden, out = network[9], network[12]
    y = F.relu(y.contiguous().flatten(1) @ hidden.weight.T + hidden.bias) @ out.weight.T + out.bias
    torch.testing.assert_close(network(x), y, atol=1e-5, rtol=1e-4)


def test_dropout_is_for_training_alone():
    network = CNN((1, 8, 8), 3, (4,), dropout=0.5)
    x = torch.randn(5, 1, 8, 8)
    assert not network.train()(x).equal(network(x))
    assert network.eval()(x).equal(network(x))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("channels", {"shape": (1, 8, 8), "channels": (2, 2, 2, 2)}),
        ("channels", {"shape": (1, 32, 7), "channels": (2, 2, 2)}),
        ("channels", {"shape": (1, 8, 8), "channels": (2, 0)}),
        ("channels", {"shape": (1, 8, 8), "channels": ()}),
        ("hidden", {"shape": (1, 8, 8), "hidden": 0}),
        ("_target_", {"shape": (2,)}),
    ],
)
def test_settings_that_do_not_fit_are_refused(name, settings):
    with pytest.raises(SettingError, match=f"^{name}="):
        CNN(n_classes=3, **settings)
