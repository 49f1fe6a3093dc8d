"""The whole way of one job, with a generator that gives back real images."""

import json
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from other_device import OtherDevice
from torch import nn

from uqgen.data.labelled import LabelledData, unit_range
from uqgen.generators.latent import Latent
from uqgen.planted import bench as module
from uqgen.planted.__main__ import _refuse_another
from uqgen.planted.bench import Bench, split_images
from uqgen.planted.methods import METHODS
from uqgen.planted.planted_settings import PlantedSettings
from uqgen.planted.target import train_target
from uqgen.planted.weaknesses import WEAKNESSES
from uqgen.scores import get_score
from uqgen.settings import SettingError

N_CLASSES = 3


def images(n, seed):
    """A dim bar at a height that is the class's, on noise: a spot is seen sooner."""
    rng = np.random.default_rng(seed)
    label = rng.integers(N_CLASSES, size=n)
    x = rng.integers(0, 60, (n, 1, 16, 16), np.uint8)
    for place, one in enumerate(label):
        x[place, 0, 2 + 5 * one : 5 + 5 * one, 3:13] = rng.integers(60, 100)
    zeros = torch.zeros(n, dtype=torch.int64)
    return LabelledData(torch.from_numpy(x), torch.from_numpy(label), zeros, zeros)


class Giver:
    """Stands in for a generator: a random real image of the class."""

    device = torch.device("cpu")

    def __init__(self, data):
        self.data = data

    def guided_by(self, guidance):
        self.guidance = guidance
        return nullcontext()

    def inverter(self):
        raise SettingError("model", "Giver", "one that images are found in")

    def draw(self, n, conditions, rng, share=slice(None)):
        return Latent(torch.rand(n, 1, generator=rng, device=rng.device))

    def __call__(self, latent, condition):
        places = [(self.data.label == label).nonzero()[0, 0] for label in condition.label.tolist()]
        return unit_range(self.data.x[torch.stack(places)]).to(self.device)


@pytest.fixture
def bench(tmp_path):
    data = {"train": images(1_600, 0), "validation": images(800, 1), "test": images(1_500, 2)}
    rng = np.random.default_rng(3)
    attributes = {split: {"slant": rng.normal(size=len(part))} for split, part in data.items()}
    settings = PlantedSettings(
        kinds=["spot"], seeds=[0], n_sound=1, n_train=1_200, n_find=1_000, epochs=5, n_generated=10
    )
    parts = split_images(data, attributes, settings.n_train, settings.n_find)
    return Bench(*parts, N_CLASSES, Giver(data["train"]), get_score("msp"), tmp_path, settings)


def test_no_image_serves_twice(bench):
    assert (len(bench.train), len(bench.find), len(bench.held_out)) == (1_200, 1_000, 1_500)
    keys = [{row.tobytes() for row in part.data.x.numpy()} for part in (bench.train, bench.find, bench.held_out)]
    assert len(set.union(*keys)) == sum(map(len, keys))
    for part in (bench.train, bench.find):
        assert len(part.attributes["slant"]) == len(part)


def test_data_of_too_few_images_are_refused_before_anything_is_trained():
    data = {"train": images(120, 0), "validation": images(20, 1), "test": images(20, 2)}
    attributes = {split: {"slant": np.zeros(len(part))} for split, part in data.items()}
    with pytest.raises(SettingError, match=r"^planted.n_find=20 images of the run's data: allowed: 100 or more"):
        split_images(data, attributes, 1_000, 1_000)
    with pytest.raises(SettingError, match=r"^planted.n_train=90 images of the run's data: allowed: 100 or more"):
        split_images(data | {"train": images(90, 0)}, attributes | {"train": {"slant": np.zeros(90)}}, 1_000, 1_000)


def test_fewer_images_than_a_batch_are_learnt_from():
    few = images(100, 0)
    network = train_target(few, N_CLASSES, 20, 0)
    assert (network.predict(few.x).argmax(dim=1) == few.label).float().mean() > 0.5


def test_a_job_is_explained_by_every_method_and_held_against_the_truth(bench):
    bench.run("spot", 0)
    found = json.loads((bench.folder / "spot,seed=0.json").read_text())
    assert found["error_inside"] > 0.1 > found["error_outside"]
    assert found["is_weak"]
    assert found["methods"].keys() == METHODS.keys()
    (least_certain,) = found["methods"]["least certain images"]
    assert 0 < least_certain["n"] < 1_500
    for slices in found["methods"].values():
        assert all(0 <= each["recall"] <= 1 and 0 <= each["precision_at_10"] <= 1 for each in slices)
    assert bench.model.guidance.strength == 1
    assert found["attributes"] is None
    assert not found["is_there"]


@pytest.mark.slow
def test_the_classifier_is_where_the_model_is_that_it_guides(bench, monkeypatch):
    with OtherDevice("mps", monkeypatch) as device:
        bench.model.device = device.device
        bench.run("spot", 0)
        (target,) = bench.model.guidance.classifiers
        assert {weight.device for weight in target.parameters()} == {device.device}


def test_every_job_has_a_sound_classifier_of_its_own_beside_it(bench, monkeypatch):
    seeds = []
    monkeypatch.setattr(
        module, "train_target", lambda data, n_classes, epochs, seed: seeds.append(seed) or nn.Identity()
    )
    for kind in WEAKNESSES:
        for seed in range(3):
            bench._sound(kind, seed)
    assert len(set(seeds)) == len(seeds) == 3 * len(WEAKNESSES)
    assert min(seeds) >= module.JUDGES_FROM + module.N_JUDGES  # nor is it a judge or a target


def test_attributes_are_ranked_where_one_was_planted_and_nowhere_else(bench, monkeypatch):
    ranked, wrong = [], SimpleNamespace(is_wrong=np.zeros(1_500, bool))
    monkeypatch.setattr(module, "METHODS", {})
    monkeypatch.setattr(module, "train_target", lambda *_: nn.Identity())
    monkeypatch.setattr(Bench, "_material", lambda *_: SimpleNamespace(found_on=wrong, held_out=wrong))
    monkeypatch.setattr(Bench, "_rank", lambda *given: ranked.append(given[-2]))
    for kind in ("sound", "spot", "rare", "slanted"):
        bench.run(kind, 0)
    assert ranked == ["slanted"]


def test_what_is_done_is_not_done_again(bench):
    path = bench.folder / "sound,seed=0.json"
    path.write_text("{}")
    bench.run("sound", 0)
    assert path.read_text() == "{}"


def test_jobs_are_a_seed_of_every_kind_then_the_next():
    settings = PlantedSettings(kinds=["spot", "rare"], seeds=[0, 1], n_sound=2)
    assert settings.jobs == [("spot", 0), ("rare", 0), ("spot", 1), ("rare", 1), ("sound", 0), ("sound", 1)]


@pytest.mark.parametrize(
    "wrong",
    [
        *({"kinds": kinds} for kinds in (["haunted"], [], 3, "spot")),
        *({"seeds": seeds} for seeds in ([0, 0], [], 1, ["0"])),
        {"n_train": 99},
        {"n_find": 24},
        {"n_sound": -1},
        {"n_sound": 0, "kinds": ["sound"]},
    ],
)
def test_bad_settings_are_refused_by_their_names(wrong):
    with pytest.raises(SettingError, match=f"^{next(iter(wrong))}="):
        replace(PlantedSettings(), **wrong)


def test_a_folder_belongs_to_one_run_and_one_set_of_sizes(tmp_path):
    identity = {"model": "a", "n_train": 10, "kinds": ["spot"], "seeds": [0], "n_sound": 1}
    _refuse_another(tmp_path, identity)
    _refuse_another(tmp_path, identity | {"kinds": ["rare"], "seeds": [1], "n_sound": 0})  # more jobs
    for other in ({"model": "b"}, {"n_train": 20}):
        with pytest.raises(SettingError, match=r"^folder=.*: allowed: a new folder"):
            _refuse_another(tmp_path, identity | other)
    (tmp_path / "identity.txt").unlink()
    (tmp_path / "judge-1.pt").touch()
    with pytest.raises(SettingError, match=r"^folder="):
        _refuse_another(tmp_path, identity)
