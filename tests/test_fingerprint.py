"""What changed since a run was started does not go unnoticed."""

import logging
import shutil
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

import uqgen
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.corruption import Corruption
from uqgen.data.folder import FolderDataModule
from uqgen.data.moons import MoonsDataModule
from uqgen.fingerprint import Fingerprint
from uqgen.run_folder import RunFolder
from uqgen.settings import SettingError

SPLITS = ("train", "validation", "test")


@pytest.fixture
def images(tmp_path):
    rng = np.random.default_rng(0)
    for name in "abc":
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(20):
            pixels = rng.integers(256, size=(8, 8, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{number:02}.png")
    return tmp_path / "images"


def read(folder, **settings):
    data = FolderDataModule(folder, size=8, **settings)
    data.setup()
    return data


def contents(data):
    return {split: {item.tobytes() for item in getattr(data, split).x.numpy()} for split in SPLITS}


@pytest.mark.parametrize("corruption", [None, Corruption()], ids=["clean", "corrupted"])
def test_a_run_goes_on_with_its_own_splits_of_changed_images_where_that_is_allowed(
    images, tmp_path, corruption, caplog
):
    run = RunFolder(tmp_path / "run")
    before = read(images, corruption=corruption)
    Fingerprint(run).keep_data(before)
    Fingerprint(run).compare_data(read(images, corruption=corruption))
    shutil.copy(images / "a" / "03.png", images / "a" / "00-new.png")
    Image.new("RGB", (8, 8)).save(images / "b" / "black.png")
    (images / "c" / "05.png").unlink()
    changed = read(images, corruption=corruption)
    assert contents(changed)["test"] & contents(before)["train"] or corruption is not None
    with pytest.raises(SettingError) as refusal:
        Fingerprint(run).compare_data(changed)
    assert str(refusal.value).startswith(
        f"run={run.path}: allowed: a run as it was started, with its data, which changed"
    )
    assert "2 more, 1 fewer, " in str(refusal.value)
    Fingerprint(run, allow_changed=True).compare_data(changed)
    assert "2 more, 1 fewer, " in caplog.text
    lost = [contents(before)[split] - contents(changed)[split] for split in SPLITS]
    assert sum(map(len, lost)) == 1
    assert all(contents(changed)[split] <= contents(before)[split] for split in SPLITS)
    assert changed.identity != before.identity


def test_images_that_only_moved_are_told(images, tmp_path):
    run = RunFolder(tmp_path / "run")
    Fingerprint(run).keep_data(read(images))
    (images / "a" / "00.png").rename(images / "a" / "99.png")
    with pytest.raises(SettingError, match=r"which changed: [0-9]+ in another split; allow_changed=true"):
        Fingerprint(run).compare_data(read(images))
    shutil.copytree(images, tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "a" / "99.png").rename(tmp_path / "elsewhere" / "a" / "00.png")
    Fingerprint(run).compare_data(read(tmp_path / "elsewhere"))


def test_other_classes_are_refused_always(images, tmp_path):
    run = RunFolder(tmp_path / "run")
    Fingerprint(run).keep_data(read(images))
    shutil.copytree(images / "a", images / "d")
    with pytest.raises(SettingError, match="with classes a, b, c, not a, b, c, d"):
        Fingerprint(run, allow_changed=True).compare_data(read(images))


def test_points_are_compared_too(tmp_path):
    run, moons = RunFolder(tmp_path / "run"), partial(MoonsDataModule, 100, 20, 20)
    for seed in (0, 0, 1):
        data = moons(seed=seed)
        data.setup()
        if seed == 0:
            Fingerprint(run).keep_data(data)
            Fingerprint(run).compare_data(data)
    with pytest.raises(SettingError, match="140 more, 140 fewer"):
        Fingerprint(run).compare_data(data)
    with pytest.raises(SettingError, match="allow_changed=True: allowed: false"):
        Fingerprint(run, allow_changed=True).compare_data(data)


def test_other_weights_are_refused_and_another_version_is_told(images, tmp_path, caplog, monkeypatch):
    run = RunFolder(tmp_path / "run")
    one, other = (FrozenClassifier(torch.nn.Linear(2, 2)) for _ in range(2))
    Fingerprint(run).keep_classifiers({"target": one})
    Fingerprint(run).compare_classifiers({"target": one, "judge 1": other})
    with pytest.raises(SettingError, match="with the weights of its target, which changed; or allow_changed=true"):
        Fingerprint(run).compare_classifiers({"target": other})
    Fingerprint(run, allow_changed=True).compare_classifiers({"target": other})
    assert "the weights of the target changed" in caplog.text
    Fingerprint(run).keep_data(read(images))
    before = uqgen.__version__
    monkeypatch.setattr(uqgen, "__version__", "99")
    with caplog.at_level(logging.INFO):
        Fingerprint(run).compare_data(read(images))
    assert f"was started with version {before}, this is 99" in caplog.text


def test_a_run_of_an_earlier_version_is_compared_with_nothing(images, tmp_path):
    Fingerprint(RunFolder(tmp_path)).compare_data(read(images))
    Fingerprint(RunFolder(tmp_path)).compare_classifiers({})
