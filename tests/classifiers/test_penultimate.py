import pytest
import torch
from torch import nn

from uqgen.classifiers.cnn import CNN
from uqgen.classifiers.ensemble import Ensemble
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.own_network import OwnNetwork
from uqgen.classifiers.penultimate import SeenFeatures, watched
from uqgen.settings import SettingError

X = torch.randint(0, 256, (30, 1, 8, 8), dtype=torch.uint8)


def test_they_are_the_inputs_of_the_last_layer_of_which_no_difference_of_logits_is_left():
    network = CNN((1, 8, 8), 3, channels=(4,), hidden=16)
    found = SeenFeatures(FrozenClassifier(network), 3)(X, batch_size=7)
    inputs = nn.Sequential(*list(network)[:-1])(X.float() / 127.5 - 1).double()
    assert found.shape == (30, 16)
    weight = network[-1].weight.double()
    logits = found @ weight.T
    assert torch.allclose(logits, logits.mean(dim=1, keepdim=True).expand_as(logits), atol=1e-6)
    assert torch.linalg.matrix_rank(inputs - found, atol=1e-6) == 2  # K - 1: nothing else is lost
    assert (inputs - found).norm() > 0.1


def test_members_stand_beside_each_other():
    members = [CNN((1, 8, 8), 3, channels=(4,), hidden=16) for _ in range(2)]
    found = SeenFeatures(FrozenClassifier(Ensemble(members)), 3)(X)
    alone = [SeenFeatures(FrozenClassifier(member), 3)(X) for member in members]
    assert torch.allclose(found, torch.cat(alone, dim=1))


def test_a_network_without_a_last_layer_has_its_logits_and_pixels():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(3, 64))

        def forward(self, x):
            return x.flatten(1) @ self.weight.T

    classifier = FrozenClassifier(Odd())
    found = SeenFeatures(classifier, 3)(X)
    assert torch.allclose(found[:, :3].float(), classifier.predict(X))
    assert found.shape == (30, 3 + 16)


class ByConvolution(nn.Module):
    """A network whose logits are means of a convolution's channels."""

    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Conv2d(1, 6, 3), nn.Conv2d(6, 3, 1)

    def forward(self, x):
        return self.head(self.body(x).relu()).mean(dim=(2, 3))


def test_where_no_last_layer_is_found_the_layer_that_is_named_takes_the_place_of_pixels():
    inner = ByConvolution().eval()
    classifier = FrozenClassifier(OwnNetwork(inner, 1, 8, [0.5], [0.5], feature_layer="body"))
    found = SeenFeatures(classifier, 3)(X, batch_size=7)
    assert torch.allclose(found[:, :3].float(), classifier.predict(X))
    expected = inner.body(X.float() / 127.5 - 1).mean(dim=(2, 3)).double()
    torch.testing.assert_close(found[:, 3:], expected, atol=1e-5, rtol=1e-5)


def test_a_last_layer_that_is_found_comes_before_one_that_is_named():
    inner = CNN((1, 8, 8), 3, channels=(4,), hidden=16)
    named, unnamed = (OwnNetwork(inner, 1, 8, [0.5], [0.5], feature_layer=layer) for layer in ("0", None))
    assert SeenFeatures(FrozenClassifier(named), 3)(X).equal(SeenFeatures(FrozenClassifier(unnamed), 3)(X))


def test_a_named_layer_that_makes_no_features_is_refused():
    class Tokens(ByConvolution):
        def __init__(self):
            super().__init__()
            self.flat = nn.Flatten(2)

        def forward(self, x):
            return self.flat(self.head(self.body(x))).mean(dim=2)

    classifier = FrozenClassifier(OwnNetwork(Tokens(), 1, 8, [0.5], [0.5], feature_layer="flat"))
    with pytest.raises(SettingError, match=r"^feature_layer=a layer that makes \[30, 3, 36\]: allowed: \[N, F\] or "):
        SeenFeatures(classifier, 3)(X)


def test_layers_are_watched_in_their_order_while_the_block_runs_and_no_longer():
    network = CNN((1, 8, 8), 3, channels=(4,), hidden=16).eval()
    linear, seen = [layer for layer in network.modules() if isinstance(layer, nn.Linear)], []
    x = X.float()
    with watched(linear, lambda layer, given, made: seen.append((layer, given, made))):
        logits = network(x)
    network(x)
    assert [layer for layer, _, _ in seen] == linear
    assert seen[-1][2] is logits
    torch.testing.assert_close(seen[-1][1], (nn.Sequential(*list(network)[:-1])(x),))


def test_a_failure_within_the_block_leaves_the_network_as_it_was():
    network, seen = CNN((1, 8, 8), 3, channels=(4,), hidden=16), []
    with pytest.raises(RuntimeError), watched([network[-1]], lambda *applied: seen.append(applied)):
        network(torch.zeros(2, 1, 3, 5, 7))
    network(X.float())
    assert not seen


def test_a_hidden_layer_as_wide_as_the_last_one_is_not_taken_for_it():
    network = CNN((1, 8, 8), 3, channels=(4,), hidden=3)
    found = SeenFeatures(FrozenClassifier(network), 3)(X)
    assert found.shape == (30, 3)


def test_of_a_last_layer_with_fewer_inputs_than_classes_nothing_but_rounding_is_left_and_logits_take_their_place():
    narrow, wide = (CNN((1, 8, 8), 3, channels=(4,), hidden=hidden) for hidden in (2, 16))
    classifier = FrozenClassifier(narrow)
    found = SeenFeatures(classifier, 3)(X)
    assert torch.allclose(found[:, :3].float(), classifier.predict(X))
    assert found.shape == (30, 3 + 16)
    both = FrozenClassifier(Ensemble([narrow, wide]))
    assert SeenFeatures(both, 3)(X).equal(SeenFeatures(FrozenClassifier(wide), 3)(X))
