"""Dropout that goes on, with masks that stay."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn

from uqgen.classifiers.cnn import CNN
from uqgen.classifiers.dropout import DropoutRecipe, FixedDropout, dropout_samples
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.module import ClassifierTraining
from uqgen.config import build, compose, plain
from uqgen.data.dataset import DatasetDataModule
from uqgen.data.digits import digits
from uqgen.hardware import Hardware
from uqgen.scores import get_score
from uqgen.settings import SettingError
from uqgen.tensor_files import load_tensors

CPU = Hardware(accelerator="cpu")
SMALL = partial(CNN, channels=(4,), hidden=32, dropout=0.5)
RECIPE = DropoutRecipe(SMALL, ClassifierTraining(epochs=1), members=6)


@pytest.fixture(scope="module")
def data():
    module = DatasetDataModule(digits(), size=8, channels=1, class_names=list("0123456789"), limit=300)
    module.setup()
    return module


def test_a_mask_drops_its_share_and_keeps_the_mean():
    ones = torch.ones(2, 100_000)
    found = FixedDropout(0.3, 5)(ones)
    assert found.unique().tolist() == pytest.approx([0, 1 / 0.7])
    assert found.mean().item() == pytest.approx(1, abs=0.02)
    assert found[0].equal(found[1])
    assert FixedDropout(0.3, 5)(ones).equal(found)
    assert not FixedDropout(0.3, 6)(ones).equal(found)


def test_each_member_is_the_network_with_one_mask():
    network = nn.Sequential(nn.Linear(4, 50), nn.ReLU(), nn.Dropout(0.5), nn.Linear(50, 3)).eval()
    samples, x = dropout_samples(network, 3), torch.randn(7, 4)
    hidden = network[1](network[0](x))
    for number in range(3):
        expected = network[3](FixedDropout(0.5, number, 0)(hidden))
        torch.testing.assert_close(samples(x)[:, number], expected)
    assert sum(1 for _ in samples.parameters()) == 4  # which all members share
    assert isinstance(network[2], nn.Dropout)


def test_the_mean_of_many_masks_is_what_a_linear_layer_says_without_dropout():
    network = nn.Sequential(nn.Dropout(0.5), nn.Linear(50, 3)).eval()
    x = torch.randn(5, 50)
    found = dropout_samples(network, 1_000)(x)
    error = found.std(dim=1) / 1_000**0.5
    assert ((found.mean(dim=1) - network(x)).abs() < 5 * error).all()


def test_scores_are_functions_of_the_image_and_members_disagree(data, tmp_path):
    target = RECIPE.obtain(data, {}, tmp_path, CPU)
    once, again = (target.predict(data.test.x, batch_size=size) for size in (7, 250))
    assert once.shape == (len(data.test), 6, 10)
    torch.testing.assert_close(once, again)
    information = get_score("mutual_information")(once, data.test.label)
    assert information.min() > 1e-4


def test_one_network_is_trained_and_kept(data, tmp_path):
    target = RECIPE.obtain(data, {}, tmp_path / "cache", CPU)
    assert RECIPE.seeds() == [0]
    assert len(list((tmp_path / "cache").glob("*.pt"))) == 1
    assert len(target.weights()) == 1
    RECIPE.keep(target, tmp_path / "target.pt")
    assert load_tensors(tmp_path / "target.pt")["state_dict"].keys() == SMALL((1, 8, 8), 10).state_dict().keys()
    copy = RECIPE.kept(tmp_path / "target.pt").obtain(data, {}, None, CPU)
    assert copy.predict(data.test.x).equal(target.predict(data.test.x))
    assert copy.digest() == target.digest()


def test_gradients_reach_the_image_and_no_weight():
    frozen = FrozenClassifier(dropout_samples(SMALL((1, 8, 8), 10), 4))
    x = torch.randn(3, 1, 8, 8, requires_grad=True)
    get_score("mutual_information")(frozen(x), torch.zeros(3, dtype=torch.int64)).sum().backward()
    assert x.grad.flatten(1).norm(dim=1).min() > 0
    assert not any(weight.requires_grad for weight in frozen.parameters())


def test_it_can_be_chosen_and_a_network_without_dropout_is_refused():
    chosen = ["experiment=mnist", "classifier=cnn_dropout", "score=mutual_information", "classifier@judge=cnn_ensemble"]
    assert build(plain(compose(chosen))).classifier.members == 20
    with pytest.raises(SettingError, match=r"^classifier.network=CNN: allowed: one with dropout"):
        build(plain(compose([*chosen, "classifier.network.dropout=0"])))
    with pytest.raises(SettingError, match=r"^members=None: allowed: an integer, at least 2"):
        replace(RECIPE, members=None).network_for((1, 8, 8), 10)
