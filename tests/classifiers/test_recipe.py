import pickle
import random
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from uqgen.classifiers.cnn import CNN
from uqgen.classifiers.mlp import MLP
from uqgen.classifiers.module import ClassifierTraining
from uqgen.classifiers.predictions import accuracy
from uqgen.classifiers.recipe import ClassifierRecipe, identity_hash
from uqgen.data.moons import MoonsDataModule
from uqgen.hardware import Hardware
from uqgen.settings import SettingError

CPU = Hardware(accelerator="cpu")
IDENTITY = {"data": {"seed": 0}, "hidden": 64}
NAME = f"{identity_hash({**IDENTITY, 'seed': 0})}.pt"
RECIPE = ClassifierRecipe(MLP, ClassifierTraining(epochs=3, learning_rate=0.02))


@pytest.fixture(scope="module")
def data():
    module = MoonsDataModule(n_train=1000, n_validation=200, n_test=1000, batch_size=50)
    module.setup()
    return module


@pytest.fixture
def no_training(monkeypatch):
    def refuse(*args):
        raise AssertionError("a classifier was trained")

    monkeypatch.setattr(ClassifierRecipe, "train", refuse)


def own(path):
    return replace(RECIPE, checkpoint=str(path))


def same(one, other):
    mine, theirs = one.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(mine[name].equal(theirs[name]) for name in mine)


class Bomb:
    """Runs code when it is unpickled: it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_classifier_is_trained_once_and_found_again(data, tmp_path, monkeypatch):
    first = RECIPE.obtain(data, IDENTITY, tmp_path / "cache", CPU)
    assert accuracy(first.predict(data.test.x), data.test.label) > 0.87
    monkeypatch.setattr(ClassifierRecipe, "train", None)
    second = RECIPE.obtain(data, IDENTITY, tmp_path / "cache", CPU)
    assert same(first, second)
    assert first.digest() == second.digest()
    assert not any(weight.requires_grad for weight in (*first.parameters(), *second.parameters()))
    kept = torch.load(tmp_path / "cache" / NAME, weights_only=True)
    assert kept["identity"] == {**IDENTITY, "seed": 0}


def test_what_determines_a_classifier_is_all_that_determines_it(data, tmp_path):
    recipe = replace(RECIPE, training=replace(RECIPE.training, epochs=1))
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    first = recipe.obtain(data, IDENTITY, tmp_path / "a", CPU)
    assert torch.get_rng_state().equal(states[0])
    assert random.getstate() == states[1]
    assert np.random.get_state()[1].tolist() == states[2]  # noqa: NPY002
    torch.manual_seed(77)
    assert same(first, recipe.obtain(data, IDENTITY, tmp_path / "b", CPU))

    other = replace(recipe, training=replace(recipe.training, seed=1))
    assert not same(first, other.obtain(data, IDENTITY, tmp_path / "a", CPU))
    assert len(list((tmp_path / "a").glob("*.pt"))) == 2


def test_members_are_the_networks_that_are_trained_one_by_one_and_kept_so(data, tmp_path, monkeypatch):
    single = replace(RECIPE, training=ClassifierTraining(epochs=1, seed=7))
    trained = [replace(single, training=replace(single.training, seed=seed)) for seed in (7, 8, 9)]
    networks = [recipe.obtain(data, IDENTITY, tmp_path / "cache", CPU).network for recipe in trained[:2]]
    ensemble = replace(single, members=3).obtain(data, IDENTITY, tmp_path / "cache", CPU)
    assert len(list((tmp_path / "cache").glob("*.pt"))) == 3
    monkeypatch.setattr(ClassifierRecipe, "train", None)
    networks.append(trained[2].obtain(data, IDENTITY, tmp_path / "cache", CPU).network)
    assert all(same(*pair) for pair in zip(networks, ensemble.network.members, strict=True))
    assert not same(*networks[:2])

    torch.save({"state_dict": ensemble.network.state_dict()}, tmp_path / "copy.pt")
    copy = replace(single, members=3, checkpoint=str(tmp_path / "copy.pt")).obtain(data, {}, tmp_path / "none", CPU)
    assert copy.digest() == ensemble.digest()
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("members", [None, 2, 5])
def test_repeated_recipes_share_no_seed(members):
    recipe = replace(RECIPE, members=members)
    seeds = [single.training.seed for number in range(4) for single in recipe.repeated(number).singles()]
    assert seeds == list(range(4 * (members or 1)))
    assert all(single.members is None for single in recipe.singles())


@pytest.mark.parametrize("members", [1, 0, 2.5, "many"])
def test_an_ensemble_has_two_members_or_more(members):
    with pytest.raises(SettingError, match=r"^members=.*: allowed: an integer of at least 2$"):
        replace(RECIPE, members=members)


def test_identities_are_the_same_in_any_order_and_differ_in_any_value():
    assert identity_hash({"a": 1, "b": {"c": 2, "d": [3]}}) == identity_hash({"b": {"d": [3], "c": 2}, "a": 1})
    others = [{"a": 1}, {"a": 2}, {"a": "1"}, {"b": 1}, {"a": {"a": 1}}, {"a": [1]}, {"a": None}]
    assert len({identity_hash(other) for other in others}) == len(others)
    assert len(identity_hash({})) == 16


def test_a_training_that_breaks_off_leaves_nothing(data, tmp_path, monkeypatch):
    def breaks_off(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(ClassifierRecipe, "train", breaks_off)
    with pytest.raises(KeyboardInterrupt):
        RECIPE.obtain(data, IDENTITY, tmp_path, CPU)
    assert list(tmp_path.glob("*.pt")) == []
    monkeypatch.setattr(
        ClassifierRecipe, "train", lambda recipe, data, _hardware: recipe._untrained(data.shape, data.n_classes)
    )
    RECIPE.obtain(data, IDENTITY, tmp_path, CPU)  # the lock is free
    assert len(list(tmp_path.glob("*.pt"))) == 1


def test_two_that_need_the_same_classifier_at_once_train_it_once(data, tmp_path, monkeypatch):
    trained = []

    def slowly(recipe, data, _hardware):
        network = recipe._untrained(data.shape, data.n_classes)
        trained.append(network)
        time.sleep(0.3)
        torch.nn.init.constant_(network[0].bias, 0.25)
        return network

    monkeypatch.setattr(ClassifierRecipe, "train", slowly)
    achieved = []

    def obtain():
        achieved.append(RECIPE.obtain(data, IDENTITY, tmp_path, CPU))

    threads = [threading.Thread(target=obtain) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(trained) == 1
    assert len(achieved) == 2
    assert same(*achieved)
    assert all(one.network[0].bias.eq(0.25).all() for one in achieved)


@pytest.mark.parametrize("wrap", [lambda state: state, lambda state: {"state_dict": state, "epoch": 3}])
def test_ones_own_weights_are_taken_in_place_of_a_training(data, tmp_path, no_training, wrap):
    mine = MLP(data.shape, data.n_classes)
    torch.save(wrap(mine.state_dict()), tmp_path / "mine.pt")
    frozen = own(tmp_path / "mine.pt").obtain(data, IDENTITY, tmp_path / "cache", CPU)
    assert same(frozen.network, mine)
    assert not frozen.network.training
    assert not (tmp_path / "cache").exists()


def test_a_missing_file_is_refused(data, tmp_path, no_training):
    with pytest.raises(SettingError) as caught:
        own(tmp_path / "nowhere.pt").obtain(data, IDENTITY, tmp_path, CPU)
    assert str(caught.value) == f"checkpoint={tmp_path}/nowhere.pt: allowed: an existing file"
    with pytest.raises(SettingError, match=r"^checkpoint="):
        own(tmp_path).obtain(data, IDENTITY, tmp_path, CPU)
    with torch.device("meta"), pytest.raises(SettingError, match=r"^checkpoint="):  # before there are any data
        own(tmp_path / "nowhere.pt").network_for((2,), 2)


@pytest.mark.parametrize(
    "content",
    [
        MLP((3,), 2).state_dict(),
        MLP((2,), 7).state_dict(),
        MLP((2,), 2, depth=3).state_dict(),
        CNN((1, 8, 8), 2).state_dict(),
        {"state_dict": 5},
        {},
        [1, 2],
        torch.zeros(3),
        None,
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_one_line(data, tmp_path, no_training, content):
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(SettingError) as caught:
        own(tmp_path / "other.pt").obtain(data, IDENTITY, tmp_path, CPU)
    message = str(caught.value)
    assert message.startswith(f"checkpoint={tmp_path}/other.pt: allowed: a state dict of the configured network (")
    assert "\n" not in message
    assert len(message) < 500


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("content", [b"", b"weights", b"\x80\x04.", b"PK\x03\x04" + bytes(100)])
def test_a_file_that_is_no_checkpoint_at_all_is_refused_in_one_line(data, tmp_path, no_training, content):
    (tmp_path / "other.pt").write_bytes(content)
    with pytest.raises(SettingError, match=r"^checkpoint=") as caught:
        own(tmp_path / "other.pt").obtain(data, IDENTITY, tmp_path, CPU)
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize(
    ("pack", "unpack"),
    [
        (torch.save, lambda path: torch.load(path, weights_only=False)),
        (lambda content, path: path.write_bytes(pickle.dumps(content)), lambda path: pickle.loads(path.read_bytes())),
    ],
    ids=["torch", "pickle"],
)
@pytest.mark.parametrize("wrap", [lambda bomb: bomb, lambda bomb: {"state_dict": {"0.weight": bomb}}])
def test_code_in_a_file_is_refused_and_not_run(data, tmp_path, no_training, pack, unpack, wrap):
    pack(wrap(Bomb(tmp_path / "exploded")), tmp_path / "bomb.pt")
    with pytest.raises(SettingError, match=r"^checkpoint=") as caught:
        own(tmp_path / "bomb.pt").obtain(data, IDENTITY, tmp_path, CPU)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "exploded").exists()

    unpack(tmp_path / "bomb.pt")
    assert (tmp_path / "exploded").exists()  # it was live


def test_a_spoilt_file_in_the_cache_is_named(data, tmp_path, no_training):
    path = tmp_path / NAME
    path.write_bytes(b"half of a file")
    with pytest.raises(SettingError, match=str(path)):
        RECIPE.obtain(data, IDENTITY, tmp_path, CPU)
