import pytest
import torch
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.own_network import OwnNetwork
from uqgen.settings import SettingError

SHAPE = (3, 8, 8)


class Seen(nn.Module):
    """Says of each image what the network before it was given, as K numbers: its first pixels."""

    def __init__(self, n_classes=4):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.n_classes = n_classes

    def forward(self, x):
        return self.weight * x.flatten(1)[:, : self.n_classes]


def network(channels=3, size=8, mean=(0.5,), std=(0.5,), outputs="logits", inner=None):
    return OwnNetwork(Seen() if inner is None else inner, channels, size, mean, std, outputs)


def test_without_settings_the_network_gets_the_images_as_they_are():
    x = torch.rand(5, *SHAPE) * 2 - 1
    torch.testing.assert_close(network().prepared(x), x)


def test_mean_and_standard_deviation_are_those_of_pixels_from_0_to_1():
    x, mean, std = torch.rand(5, *SHAPE) * 2 - 1, torch.tensor([0.1, 0.2, 0.3]), torch.tensor([0.5, 1.0, 2.0])
    expected = ((x + 1) / 2 - mean[:, None, None]) / std[:, None, None]
    torch.testing.assert_close(network(mean=mean.tolist(), std=std.tolist()).prepared(x), expected)
    torch.testing.assert_close(network(mean=(0.0,), std=(1 / 255,)).prepared(x), (x + 1) * 127.5)


def test_channels_and_size_are_those_the_network_takes():
    grey = torch.rand(5, 1, 8, 8) * 2 - 1
    torch.testing.assert_close(network().prepared(grey), grey.expand(5, 3, 8, 8))
    colour = torch.rand(5, *SHAPE) * 2 - 1
    luma = (colour * torch.tensor([0.2989, 0.587, 0.114])[:, None, None]).sum(dim=1, keepdim=True)
    torch.testing.assert_close(network(channels=1).prepared(colour), luma, atol=1e-3, rtol=0)
    flat = torch.full((2, 3, 8, 8), 0.25)
    torch.testing.assert_close(network(size=12).prepared(flat), torch.full((2, 3, 12, 12), 0.25))


def test_probabilities_become_logits_with_the_same_softmax():
    given = nn.Sequential(Seen(), nn.Softmax(dim=1))
    x = torch.rand(5, *SHAPE) * 20 - 10
    found = network(outputs="probabilities", inner=given)(x)
    torch.testing.assert_close(found.softmax(dim=1), given(x))


def test_a_probability_of_zero_is_a_finite_logit():
    given = nn.Sequential(Seen(), nn.Threshold(2.0, 0.0))
    assert network(outputs="probabilities", inner=given)(torch.zeros(2, *SHAPE)).isfinite().all()


def test_gradients_go_through_to_the_images():
    x = (torch.rand(2, 1, 8, 8) * 2 - 1).requires_grad_()
    FrozenClassifier(network(size=10))(x).sum().backward()
    assert x.grad.flatten(1).norm(dim=1).min() > 0


def test_it_stays_in_evaluation_mode_even_where_a_network_cannot_be_asked_to():
    class Exported(Seen):
        def train(self, mode=True):
            raise NotImplementedError

    frozen = FrozenClassifier(network(inner=Exported().requires_grad_()))
    assert frozen(torch.zeros(2, *SHAPE)).shape == (2, 4)


def test_the_digest_tells_networks_apart_whose_weights_are_the_same():
    def digest(**settings):
        own = network(**settings)
        own.try_out(SHAPE, 4)
        return FrozenClassifier(own).digest()

    plain, bent = (nn.Sequential(Seen(), after) for after in (nn.Identity(), nn.Tanh()))
    digests = [digest(inner=plain), digest(inner=plain), digest(inner=plain, mean=(0.4,)), digest(inner=bent)]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


REFUSED = [
    ({"channels": 1, "inner": nn.Conv2d(3, 4, 3)}, "takes [N, 1, 8, 8], or its own channels= and size=; and N of any"),
    ({"inner": Seen(7)}, "network=outputs [16, 7]: allowed: [N, 4], one for each class of the data"),
    ({"inner": nn.Conv2d(3, 4, 3)}, "network=outputs [16, 4, 6, 6]: allowed: [N, 4]"),
    ({"inner": nn.Sequential(Seen(), nn.Softmax(dim=1))}, "outputs=logits: allowed: probabilities, as its outputs are"),
    ({"outputs": "probabilities"}, "outputs=probabilities: allowed: logits: its outputs do not sum to 1"),
    ({"inner": nn.Sequential(Seen(), nn.Dropout(0.5))}, "network=outputs that depend on the rest of the batch"),
    ({"inner": nn.Sequential(Seen(), nn.BatchNorm1d(4))}, "network=outputs that depend on the rest of the batch"),
    ({"mean": (100.0,), "std": (1.2e-38,)}, "network=outputs NaN or infinite: allowed: finite ones"),
]


@pytest.mark.parametrize(("settings", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_what_is_no_classifier_of_these_data_is_refused_in_one_line(settings, message):
    with pytest.raises(SettingError) as refusal:
        network(**settings).try_out(SHAPE, 4)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_logits_that_are_not_negative_are_still_logits():
    network(inner=nn.Sequential(Seen(), nn.Softplus())).try_out(SHAPE, 4)
    network(inner=nn.Sequential(Seen(), nn.LogSoftmax(dim=1))).try_out(SHAPE, 4)
