"""The distance to nearest neighbours: against scikit-learn's, of any classifier that hands out features."""

import pytest
import torch
from composed import composed
from sklearn.neighbors import NearestNeighbors
from torch import nn

from uqgen.classifiers.cnn import CNN
from uqgen.classifiers.dropout import dropout_samples
from uqgen.classifiers.ensemble import Ensemble
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.mlp import MLP
from uqgen.classifiers.own_network import OwnNetwork
from uqgen.config import build, plain
from uqgen.data.labelled import unit_range
from uqgen.scores import get_score
from uqgen.settings import SettingError

SHAPE = (3, 16, 16)
LABELS = torch.zeros(20, dtype=torch.int64)


class Upside(nn.Module):
    """A network whose head was defined first and is applied last, and another linear layer before its features."""

    def __init__(self):
        super().__init__()
        self.head, self.early = nn.Linear(6, 4), nn.Linear(16, 16)
        self.body = nn.Conv2d(3, 6, 3)

    def forward(self, x):
        return self.head(self.body(self.early(x)).relu().mean((2, 3)))


@pytest.fixture
def images():
    return torch.randint(0, 256, (300, *SHAPE), dtype=torch.uint8), torch.randint(0, 256, (20, *SHAPE)).to(torch.uint8)


def adapted(network, train, shape=SHAPE, **settings):
    score = get_score("knn", **settings)
    return score, score.adapted(FrozenClassifier(network), shape, train)


def before_last(network, x):
    return nn.Sequential(*list(network)[:-1])(x).detach()


def by_sklearn(features, of_train, k):
    features, of_train = (nn.functional.normalize(part.double(), dim=1).numpy() for part in (features, of_train))
    return torch.from_numpy(NearestNeighbors(n_neighbors=k).fit(of_train).kneighbors(features)[0][:, -1]).float()


@pytest.mark.parametrize("k", [2, 50])
def test_it_is_scikit_learns_distance_of_what_the_last_layer_is_given(images, k):
    network = CNN(SHAPE, 4, (4, 8), 8).eval()
    train, x = map(unit_range, images)
    score, classifier = adapted(network, images[0], k=k)
    found = score(classifier.predict(images[1]), LABELS)
    expected = by_sklearn(before_last(network, x), before_last(network, train), k)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-4)
    assert found.std() > 0


def test_points_have_one_too():
    network, train, x = MLP((2,), 3, 16).eval(), torch.randn(100, 2), torch.randn(20, 2)
    score, classifier = adapted(network, train, (2,), k=5)
    expected = by_sklearn(before_last(network, x), before_last(network, train), 5)
    torch.testing.assert_close(score(classifier.predict(x), LABELS), expected, atol=1e-6, rtol=1e-4)


def test_the_last_linear_layer_is_the_one_applied_last(images):
    network = Upside().eval()
    _, classifier = adapted(network, images[0])
    assert classifier.network.kept.shape == (300, 6)


def test_of_a_network_of_ones_own_a_layer_can_be_named(images):
    inner = Upside().eval()
    network = OwnNetwork(inner, 3, 16, [0.5], [0.5], feature_layer="body")
    train, x = (inner.body(inner.early(unit_range(part))).mean((2, 3)).detach() for part in images)
    score, classifier = adapted(network, images[0], k=7)
    torch.testing.assert_close(
        score(classifier.predict(images[1]), LABELS), by_sklearn(x, train, 7), atol=1e-6, rtol=1e-4
    )


def test_probabilities_stay_as_they_are_and_the_weights_are_known(images):
    network = FrozenClassifier(CNN(SHAPE, 4, (4, 8), 8))
    _, classifier = adapted(network.network, images[0])
    before, after = network.predict(images[1]), classifier.predict(images[1])
    torch.testing.assert_close(after.softmax(dim=1), before.softmax(dim=1))
    assert network.weights() == classifier.weights()
    digests = {adapted(network.network, images[0], **given)[1].digest() for given in ({}, {"k": 3}, {"n_kept": 60})}
    assert len(digests) == 3


def test_of_an_ensemble_it_is_the_mean_over_the_members(images):
    members = [CNN(SHAPE, 4, (4, 8), 8).eval() for _ in range(3)]
    score, classifier = adapted(Ensemble(members), images[0])
    each = [score(one.predict(images[1]), LABELS) for _, one in (adapted(member, images[0]) for member in members)]
    torch.testing.assert_close(score(classifier.predict(images[1]), LABELS), torch.stack(each).mean(dim=0))
    assert len(adapted(dropout_samples(CNN(SHAPE, 4, (4, 8), 8, 0.5), 2), images[0])[1].network.members) == 2


def test_the_gradient_is_that_of_finite_differences(images):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(768, 5), nn.Tanh(), nn.Linear(5, 4))
    score, classifier = adapted(network, images[0], k=2, n_kept=2)  # of more the nearest change on the way
    x = unit_range(images[1]).requires_grad_()
    (gradient,) = torch.autograd.grad(score(classifier(x), LABELS).sum(), x)
    step = 0.002 * gradient / gradient.flatten(1).norm(dim=1)[:, None, None, None]
    with torch.no_grad():
        change = score(classifier(x + step), LABELS) - score(classifier(x - step), LABELS)
    torch.testing.assert_close(change, 2 * (gradient * step).flatten(1).sum(dim=1), rtol=0.1, atol=1e-4)
    assert (change > 0).all()


def test_so_many_training_images_are_kept(images):
    _, classifier = adapted(CNN(SHAPE, 4, (4, 8), 8), images[0], n_kept=70)
    assert len(classifier.network.kept) == len(classifier.network.kept.unique(dim=0)) == 70


class Bare(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3, 4))

    def forward(self, x):
        return x.mean((2, 3)) @ self.weight


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (Bare(), "feature_layer=None: allowed: with score=knn a layer"),
        (torch.jit.trace(CNN(SHAPE, 4, (4, 8), 8).eval(), torch.rand(2, *SHAPE)), "feature_layer=None: allowed: with"),
        (OwnNetwork(Upside(), 3, 16, [0.5], [0.5], feature_layer="neck"), "feature_layer=neck: allowed: one of head, "),
        (OwnNetwork(Upside(), 3, 16, [0.5], [0.5], feature_layer="early"), None),
    ],
)
def test_refuses_what_hands_out_no_features(network, message):
    def run():
        return adapted(network, None)

    if message is None:
        run()
        return
    with pytest.raises(SettingError) as refusal:
        run()
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize(("settings", "message"), [({"k": 1}, "^k=1: "), ({"k": 60, "n_kept": 50}, "^n_kept=50: ")])
def test_refuses_settings(settings, message):
    with pytest.raises(SettingError, match=message):
        get_score("knn", **settings)


def test_refuses_more_neighbours_than_images_and_a_second_score(images):
    with pytest.raises(SettingError, match=r"^k=50: allowed: at most the 30 training images"):
        adapted(CNN(SHAPE, 4, (4, 8), 8), images[0][:30])
    for pair in (("knn", "msp"), ("msp", "knn")):
        with pytest.raises(SettingError, match="allowed: null: a score of features"):
            get_score(*pair)


def test_an_experiment_refuses_early(tmp_path):
    file = tmp_path / "model.pt"
    torch.jit.trace(CNN((3, 32, 32), 3, (4, 8), 8).eval(), torch.rand(2, 3, 32, 32)).save(file)
    with pytest.raises(SettingError, match=r"^classifier\.feature_layer=None: allowed: with score=knn"):
        build(plain(composed(["experiment=shapes", "score=knn", "classifier=torchscript", f"classifier.file={file}"])))
    build(plain(composed(["experiment=shapes", "score=knn", "classifier=cnn_ensemble"])))
