from types import SimpleNamespace

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


class Cast(nn.Module):
    """Weights in another precision than the images, as of a network saved in half of it."""

    def __init__(self, dtype):
        super().__init__()
        self.linear = nn.Linear(4, 4, dtype=dtype)

    def forward(self, x):
        return self.linear(x)


def network(channels=3, size=8, mean=(0.5,), std=(0.5,), outputs="logits", inner=None, output=None):
    return OwnNetwork(Seen() if inner is None else inner, channels, size, mean, std, outputs, output)


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


class Container(nn.Module):
    """Returns what `made` makes of the outputs."""

    def __init__(self, made):
        super().__init__()
        self.inner, self.made = Seen(), made

    def forward(self, x):
        return self.made(self.inner(x))


CONTAINERS = {
    "tuple": (lambda y: (y, y[:, :1]), 0),
    "last of a list": (lambda y: [y[:, :1], y], -1),
    "dict": (lambda y: {"features": y[:, :1], "logits": y}, "logits"),
    "object": (lambda y: SimpleNamespace(logits=y), "logits"),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_outputs_in_a_container_are_taken_by_name_or_position(name):
    made, output = CONTAINERS[name]
    found, x = network(inner=Container(made), output=output), torch.rand(5, *SHAPE) * 2 - 1
    found.try_out(SHAPE, 4)
    assert found(x).equal(network()(x))
    with pytest.raises(SettingError, match=r"^output=None: allowed: one of (0|features|logits)"):
        network(inner=Container(made)).try_out(SHAPE, 4)
    with pytest.raises(SettingError, match=r"^output=other: allowed: one of (0|features|logits)"):
        network(inner=Container(made), output="other").try_out(SHAPE, 4)


def test_sigmoids_become_the_logits_before_them():
    x = torch.rand(5, *SHAPE) * 20 - 10
    found = network(outputs="sigmoids", inner=nn.Sequential(Seen(), nn.Sigmoid()))
    found.try_out(SHAPE, 4)
    torch.testing.assert_close(found(x), network()(x), atol=1e-2, rtol=0)
    assert network(outputs="sigmoids", inner=nn.Sequential(Seen(), nn.Hardtanh(0, 1)))(10 * x).isfinite().all()


@pytest.mark.parametrize("after", [nn.Identity(), nn.Flatten(0)], ids=["[N, 1]", "[N]"])
@pytest.mark.parametrize("outputs", ["logits", "sigmoids", "probabilities"])
def test_one_output_is_about_the_second_of_two_classes(outputs, after):
    ends = nn.Identity() if outputs == "logits" else nn.Sigmoid()
    found = network(outputs=outputs, inner=nn.Sequential(Seen(1), ends, after))
    found.try_out(SHAPE, 2)
    x = torch.rand(5, *SHAPE) * 2 - 1
    torch.testing.assert_close(found(x).softmax(dim=1)[:, 1], Seen(1)(x)[:, 0].sigmoid().detach())
    with pytest.raises(SettingError, match=r"one for each class of the data$"):
        found.try_out(SHAPE, 3)


REFUSED = [
    (
        {"inner": nn.Sequential(Seen(), nn.Sigmoid())},
        "outputs=logits: allowed: sigmoids, as its outputs are, all in [0",
    ),
    (
        {"outputs": "probabilities", "inner": nn.Sequential(Seen(), nn.Sigmoid())},
        "outputs=probabilities: allowed: sigmoids, as its outputs are",
    ),
    (
        {"outputs": "sigmoids", "inner": nn.Sequential(Seen(), nn.Softmax(dim=1))},
        "outputs=sigmoids: allowed: probabilities, as its outputs are",
    ),
    ({"outputs": "sigmoids"}, "outputs=sigmoids: allowed: logits: its outputs do not sum to 1"),
    (
        {"inner": nn.Sequential(Seen(), Cast(torch.float16))},
        "one in single precision: save it anew, after network.float",
    ),
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


def test_a_layer_that_the_network_lacks_is_refused_before_anything_is_trained():
    inner = nn.Sequential(nn.Flatten(), nn.Linear(192, 4)).eval()
    OwnNetwork(inner, 3, 8, [0.5], [0.5], feature_layer="1").try_out(SHAPE, 4)
    with pytest.raises(SettingError, match=r"^feature_layer=neck: allowed: one of 0, 1"):
        OwnNetwork(inner, 3, 8, [0.5], [0.5], feature_layer="neck").try_out(SHAPE, 4)


class Squeezed(Seen):
    def forward(self, x):
        return super().forward(x).squeeze()


class Detached(Seen):
    def forward(self, x):
        return super().forward(x.detach())


class Unwatched(Seen):
    @torch.no_grad()
    def forward(self, x):
        return super().forward(x)


def test_what_would_end_a_later_step_is_refused_at_once():
    with pytest.raises(SettingError, match=r"^network=outputs \[4\] of one image: allowed: \[1, 4\], as of several"):
        network(inner=Squeezed()).try_out(SHAPE, 4)
    for inner in (Detached(), Unwatched()):
        with pytest.raises(SettingError, match=r"^network=outputs without a gradient"):
            network(inner=inner).try_out(SHAPE, 4)
    network().try_out(SHAPE, 4)


class Tabled(Seen):
    """Makes a table of positions when it first sees images, as some transformers do."""

    table = None

    def forward(self, x):
        if self.table is None:
            self.table = torch.linspace(0.5, 1.5, x.shape[-1])
        return super().forward(x * self.table)


def test_a_table_made_at_the_first_forward_serves_a_gradient_too():
    own = network(inner=Tabled())
    own.try_out(SHAPE, 4)
    x = torch.rand(2, *SHAPE, requires_grad=True)
    (gradient,) = torch.autograd.grad(FrozenClassifier(own)(x).sum(), x)
    assert gradient[0, 0, 0, :4].tolist() == pytest.approx(torch.linspace(0.5, 1.5, 8)[:4].tolist())
