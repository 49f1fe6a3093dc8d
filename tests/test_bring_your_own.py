"""The recipe of docs/bring_your_own.md, on a little data: one's own classifier and images, to the report."""

import json
import shutil
import subprocess
import sys
import warnings

import pytest
import torch
from composed import composed

from uqgen.classifiers.cnn import CNN
from uqgen.config import CONF, build, compose, plain
from uqgen.data.shapes import SIDES, write_shapes
from uqgen.evaluate import evaluate_run
from uqgen.run_folder import RunFolder
from uqgen.run_loading import load_run
from uqgen.settings import SettingError
from uqgen.tensor_files import load_tensors
from uqgen.train import train

EXPERIMENT = """
# @package _global_
defaults:
  - override /data: folder
  - override /classifier: own
  - override /classifier@judge: cnn_deep
  - override /model: gan_any_size

name: mine

data:
  folder: images
classifier:
  network:
    _target_: uqgen.classifiers.cnn.CNN
    shape: [3, 32, 32]
    n_classes: 3
    channels: [4, 8]
    hidden: 8
  checkpoint: weights.pt
  mean: [0.4]
  std: [0.3]
"""


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A folder with what a newcomer has: images in class folders, weights, and one short YAML; and TorchScripts."""
    folder = tmp_path_factory.mktemp("given")
    write_shapes(folder / "images", 300)
    torch.manual_seed(0)
    network = CNN((3, 32, 32), len(SIDES), (4, 8), 8).eval()
    torch.save(network.state_dict(), folder / "weights.pt")
    for name, outputs in {"model": network, "probabilities": torch.nn.Sequential(network, torch.nn.Softmax(1))}.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            torch.jit.trace(outputs, torch.rand(2, 3, 32, 32)).save(folder / f"{name}.pt")
    (folder / "conf" / "experiment").mkdir(parents=True)
    (folder / "conf" / "experiment" / "mine.yaml").write_text(EXPERIMENT.lstrip())
    return folder


def command(folder, *overrides):
    small = ["debug=seconds", "evaluation.n_judges=1", "logger=csv", "trainer=cpu", "cache=cache"]
    line = [sys.executable, "-m", "uqgen.train", "--config-dir=conf", "experiment=mine", "run=run", *small, *overrides]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=900)


@pytest.mark.slow
def test_one_command_goes_from_a_model_and_a_folder_to_the_report(given):
    done = command(given)
    assert done.returncode == 0, done.stderr
    run = RunFolder(given / "run")
    results = json.loads(run.results.read_text())
    assert (results["experiment"], results["n_images_trained"]) == ("mine", 640)
    assert set(results["by_class"]["uniform"]) == set(SIDES)
    assert run.report.stat().st_size > 100_000
    assert "that is hardly more than chance: data.class_names, classifier.mean" in (run.path / "train.log").read_text()
    kept, weights = load_tensors(run.classifiers / "target.pt")["state_dict"], load_tensors(given / "weights.pt")
    assert kept.keys() == weights.keys()
    assert all(kept[name].equal(weights[name]) for name in weights)


MISTAKES = [
    ("data.folder=elsewhere", "data.folder=elsewhere: allowed: an existing folder"),
    ("classifier.file=nothing.pt", "classifier.file=nothing.pt: allowed: an existing file"),
    (
        "classifier.file=probabilities.pt",
        "classifier.outputs=logits: allowed: probabilities, as its outputs are",
    ),
    (
        "data.channels=1",
        "classifier.network=RecursiveScriptModule: allowed: a network that takes [N, 1, 32, 32]",
    ),
    ("data.size=33", "data.size=33: allowed: 8, 10, 12"),
    ("model=gan_paper data.size=64 classifier.size=32", "model.generator.channels=[512, 512, 512, 512]: "),
    ("enforcement=surrogates", "enforcement.n_surrogates=2: allowed: 0 with a classifier of your own"),
]


@pytest.mark.parametrize(("overrides", "line"), MISTAKES, ids=[overrides for overrides, _ in MISTAKES])
def test_a_mistake_gets_one_line_before_any_work(overrides, line, given, monkeypatch):
    monkeypatch.chdir(given)
    right = "experiment=shapes data=folder data.folder=images classifier=torchscript classifier.file=model.pt"
    requested = dict(override.split("=", 1) for override in f"{right} {overrides}".split())
    with pytest.raises(SettingError) as refusal:
        build(plain(composed([f"{name}={value}" for name, value in requested.items()])))
    assert str(refusal.value).startswith(line)
    assert "\n" not in str(refusal.value)


def test_too_many_judges_of_ones_own_are_refused(given, monkeypatch):
    monkeypatch.chdir(given)
    judge = ["experiment=shapes", "classifier@judge=torchscript", "judge.file=model.pt"]
    with pytest.raises(SettingError, match=r"^evaluation.n_judges=3: allowed: 0 or 1 with a judge of your own"):
        build(plain(composed(judge)))
    build(plain(composed([*judge, "evaluation.n_judges=1"])))


@pytest.mark.parametrize("size", [8, 28, 64, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_networks_of_every_size_and_number_of_channels_build(size, channels):
    built = build(plain(composed(["experiment=shapes", f"data.size={size}", f"data.channels={channels}"])))
    judge = built.judge.network_for(built.data.shape, built.data.n_classes)
    assert judge(torch.rand(2, *built.data.shape)).shape == (2, 3)


@pytest.fixture(scope="module")
def digits_run(tmp_path_factory):
    """The folder of a complete run of scikit-learn's digits, beside its cache."""
    folder = tmp_path_factory.mktemp("digits")
    small = ["evaluation.n_judges=1", "evaluation.n_images=100", "classifier.training.epochs=1", "data.limit=450"]
    requested = ["experiment=digits", "debug=seconds", f"run={folder / 'run'}", f"cache={folder / 'cache'}", *small]
    train(compose([*requested, "judge.training.epochs=1", "logger=csv", "trainer=cpu"]))
    return RunFolder(folder / "run")


@pytest.mark.slow
def test_digits_go_to_the_report_and_can_be_loaded(digits_run):
    run = load_run(digits_run)
    assert run.classifiers.logits["test"].shape == (449, 10)
    assert run.generate(label=3, score=0.6, n=4).x.shape == (4, 1, 8, 8)
    assert digits_run.report.exists()


@pytest.mark.slow
def test_without_the_cache_a_run_is_measured_in_the_same_features(digits_run, monkeypatch):
    cache, before = digits_run.path.parent / "cache", json.loads(digits_run.results.read_text())
    assert "features ...\n" in (digits_run.path / "train.log").read_text()
    assert before["seconds"]["features"] > 0
    assert len(list((cache / "features").glob("*.pt"))) == 1

    shutil.rmtree(cache)
    monkeypatch.setattr("uqgen.classifiers.recipe.ClassifierRecipe.train", None)  # which would be called in vain
    evaluate_run(compose([f"run={digits_run.path}"], "evaluate"))
    after = json.loads(digits_run.results.read_text())
    for key in ("realism", "controls"):
        assert before[key] == after[key]
    assert before["realism"]["images"]["fid"] > 0


def test_experiments_that_say_how_to_train_take_a_classifier_that_is_not_trained(given, monkeypatch):
    monkeypatch.chdir(given)
    taken = ["classifier=torchscript", "classifier.file=model.pt", "classifier.size=32"]
    for experiment in ("shapes", "shapes debug=seconds"):
        built = build(plain(composed([*f"experiment={experiment}".split(), *taken])))
        assert built.classifier.seeds() == []
    assert (CONF / "classifier" / "exported.yaml").exists()
