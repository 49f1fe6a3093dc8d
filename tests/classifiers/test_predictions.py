import copy

import pytest
import torch

from uqgen.classifiers import predictions
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.mlp import MLP
from uqgen.classifiers.predictions import SPLITS, accuracy, accuracy_by_corruption, predict_splits
from uqgen.data.moons import MoonsDataModule


@pytest.fixture
def data():
    module = MoonsDataModule(n_train=30, n_validation=20, n_test=10)
    module.setup()
    return module


@pytest.fixture
def classifier():
    return FrozenClassifier(MLP((2,), 2))


def test_every_split_is_predicted(classifier, data, tmp_path):
    logits = predict_splits(classifier, data, "moons", tmp_path)
    assert tuple(logits) == SPLITS
    for split in SPLITS:
        assert logits[split].equal(classifier(getattr(data, split).x))


def test_the_second_time_nothing_is_computed(classifier, data, tmp_path, monkeypatch):
    first = predict_splits(classifier, data, "moons", tmp_path / "new" / "folder")
    monkeypatch.setattr(predictions, "predict", None)
    second = predict_splits(classifier, data, "moons", tmp_path / "new" / "folder")
    assert all(second[split].equal(first[split]) for split in SPLITS)


class Scaled(torch.nn.Module):
    """The same weights behind inputs that are prepared in another way, which no weight says."""

    def __init__(self, network, by):
        super().__init__()
        self.network, self.by = network, by

    def forward(self, x):
        return self.network(x * self.by)


def test_the_same_weights_behind_other_inputs_are_predicted_anew(classifier, data, tmp_path):
    one, other = (FrozenClassifier(Scaled(copy.deepcopy(classifier.network), by)) for by in (1.0, 0.5))
    assert one.digest() == other.digest()
    predict_splits(one, data, "moons", tmp_path)
    assert predict_splits(other, data, "moons", tmp_path)["test"].equal(other(data.test.x))


def test_another_classifier_and_other_data_are_predicted_anew(classifier, data, tmp_path):
    first = predict_splits(classifier, data, "moons", tmp_path)
    other = FrozenClassifier(copy.deepcopy(classifier.network))
    other.network[0].bias += 0.5
    assert not predict_splits(other, data, "moons", tmp_path)["train"].equal(first["train"])
    assert predict_splits(classifier, data, "moons", tmp_path)["train"].equal(first["train"])
    predict_splits(classifier, data, "others", tmp_path)
    names = sorted(path.name.rsplit("-", 1)[0] for path in tmp_path.iterdir())  # then what it says of some images
    digests = [classifier.digest()[:16], other.digest()[:16]]
    assert names == sorted([f"{digests[0]}-moons", f"{digests[1]}-moons", f"{digests[0]}-others"])


def test_accuracy_by_hand():
    logits = torch.tensor([[2.0, 1.0], [0.0, 0.1], [-5.0, -4.0], [9.0, 0.0]])
    assert accuracy(logits, torch.tensor([0, 1, 0, 1])) == 0.5
    assert accuracy(logits, torch.tensor([0, 1, 1, 0])) == 1.0


def test_an_ensemble_says_what_its_mean_probability_says():
    # Two members are sure of class 0 by a little, one is sure of class 1 by far.
    logits = torch.tensor([[[0.2, 0.0], [0.2, 0.0], [0.0, 5.0]]])
    assert accuracy(logits, torch.tensor([1])) == 1.0
    assert accuracy(logits[:, :2], torch.tensor([0])) == 1.0


def test_accuracy_by_corruption_is_counted_one_by_one():
    n = 400
    logits, label = torch.randn(n, 3), torch.randint(3, (n,))
    corruption = torch.randint(3, (n,))
    severity = torch.where(corruption > 0, torch.randint(1, 4, (n,)), 0)
    right, all_of_them = {}, {}
    for i in range(n):
        kind = (corruption[i].item(), severity[i].item())
        all_of_them[kind] = all_of_them.get(kind, 0) + 1
        right[kind] = right.get(kind, 0) + (max(range(3), key=lambda k, i=i: logits[i, k]) == label[i]).item()
    found = accuracy_by_corruption(logits, label, corruption, severity)
    assert found.keys() == all_of_them.keys() == {(0, 0)} | {(kind, level) for kind in (1, 2) for level in (1, 2, 3)}
    assert found == pytest.approx({kind: right[kind] / all_of_them[kind] for kind in all_of_them})
