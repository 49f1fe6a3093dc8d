import copy

import pytest
import torch
from torch import nn

import uqgen.classifiers.frozen as module
from uqgen.classifiers.cnn import CNN
from uqgen.classifiers.ensemble import Ensemble
from uqgen.classifiers.frozen import FrozenClassifier


@pytest.fixture
def network():
    """A network whose batch norm and dropout would both show."""
    network = CNN((1, 8, 8), 3, (4,), hidden=5, dropout=0.5)
    network(torch.randn(50, 1, 8, 8) * 3)
    return network


@pytest.fixture
def images():
    return torch.randint(256, (25, 1, 8, 8), dtype=torch.uint8)


def test_it_stays_in_evaluation_mode_and_learns_nothing(network):
    frozen = FrozenClassifier(network)
    holder = nn.ModuleList([frozen])
    before, x = copy.deepcopy(frozen.state_dict()), torch.randn(20, 1, 8, 8)
    logits = frozen(x)
    holder.train()
    assert holder.training
    assert not any(part.training for part in frozen.modules())
    assert frozen(x).equal(logits)
    assert all(value.equal(before[name]) for name, value in frozen.state_dict().items())


def test_a_network_that_was_set_to_train_before_is_frozen_too(network):
    frozen = FrozenClassifier(network.train())
    assert not network.training
    assert not any(weight.requires_grad for weight in frozen.parameters())


def test_gradients_go_to_the_input_alone(network):
    frozen, x = FrozenClassifier(network), torch.randn(4, 1, 8, 8, requires_grad=True)
    frozen(x)[:, 0].sum().backward()
    assert x.grad.flatten(1).norm(dim=1).min() > 0
    assert all(weight.grad is None for weight in frozen.parameters())


def test_it_computes_in_fp32_under_autocast_and_with_half_inputs(network):
    frozen, x = FrozenClassifier(network), torch.randn(4, 1, 8, 8)
    expected = network(x)
    with torch.autocast("cpu", torch.bfloat16):
        found = frozen(x)
        assert torch.is_autocast_enabled("cpu")
    assert found.dtype == torch.float32
    assert found.equal(expected)
    assert frozen(x.bfloat16()).dtype == torch.float32
    torch.testing.assert_close(frozen(x.bfloat16()), frozen(x.bfloat16().float()))


@pytest.mark.parametrize("batch_size", [1, 10, 25, 1000])
def test_predictions_do_not_depend_on_the_chunks(network, images, batch_size):
    frozen = FrozenClassifier(network)
    found = frozen.predict(images, batch_size)
    torch.testing.assert_close(found, frozen(images / 127.5 - 1), atol=1e-5, rtol=1e-5)
    assert (found.shape, found.dtype, found.device.type) == ((25, 3), torch.float32, "cpu")


def test_bytes_and_floats_are_predicted_alike(network, images):
    frozen = FrozenClassifier(network)
    assert frozen.predict(images).equal(frozen.predict(images.float() / 127.5 - 1))


def test_the_digest_is_that_of_the_weights_and_buffers(network):
    frozen, twin = FrozenClassifier(network), FrozenClassifier(copy.deepcopy(network))
    digest = frozen.digest()
    assert len(digest) == 64
    assert digest == twin.digest() == frozen.train().digest()
    for value in twin.state_dict().values():
        before = value.clone()
        value.flatten()[0] += 1
        if value.is_contiguous():
            assert twin.digest() != digest
        value.copy_(before)
        assert twin.digest() == digest


def test_the_digest_does_not_depend_on_the_layout_in_memory(network):
    digest = FrozenClassifier(network).digest()
    assert FrozenClassifier(copy.deepcopy(network).to(memory_format=torch.contiguous_format)).digest() == digest


def test_each_network_of_an_ensemble_is_known_by_its_weights(network):
    other = copy.deepcopy(network)
    with torch.no_grad():
        next(other.parameters()).flatten()[0] += 1e-3
    one, two = FrozenClassifier(network).weights(), FrozenClassifier(nn.Sequential(other)).weights()
    assert len(one) == 1
    assert not one & two
    assert FrozenClassifier(Ensemble([copy.deepcopy(other), network])).weights() == one | two


def test_so_many_inputs_at_once_as_the_memory_bears_what_a_gradient_needs(monkeypatch):
    class Kept(nn.Module):
        """Keeps its input, 256 bytes of an image, and three times as much."""

        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(()))

        def forward(self, x):
            wide = x.repeat(1, 3, 1, 1)
            return (x.square().sum(dim=(1, 2, 3)) + wide.square().sum(dim=(1, 2, 3)))[:, None] * self.weight

    monkeypatch.setattr(module, "AT_ONCE", 10 * 4 * 256)
    network, x = FrozenClassifier(Kept()), torch.rand(25, 1, 8, 8)
    assert network.at_once(x) == pytest.approx(10, abs=1)
    sizes = []
    network.network.register_forward_hook(lambda _, given, __: sizes.append(len(given[0])))
    network.predict(x)
    assert sum(sizes) == 25
    assert 8 < max(sizes) <= 11
    monkeypatch.setattr(module, "AT_ONCE", 1)
    assert network.at_once(x) == 1


def test_weights_of_every_precision_have_a_digest():
    digests = {FrozenClassifier(nn.Linear(2, 2, dtype=dtype)).digest() for dtype in (torch.bfloat16, torch.float32)}
    assert len(digests) == 2
