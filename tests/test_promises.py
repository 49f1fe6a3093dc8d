"""What the experiments promise, in whole runs with their own settings: minutes, so marked slow."""

import json
import time

import pytest

from uqgen.config import compose
from uqgen.run_folder import RunFolder
from uqgen.train import train

pytestmark = pytest.mark.slow


def whole_run(experiment: str, folder, mnist_folder) -> tuple[dict, float]:
    run = RunFolder(folder / experiment)
    data = [] if experiment == "moons" else [f"data.folder={mnist_folder}"]
    start = time.perf_counter()
    train(compose([f"experiment={experiment}", f"run={run.path}", f"cache={folder / 'cache'}", *data]))
    return json.loads(run.results.read_text()), time.perf_counter() - start


def test_moons(tmp_path, mnist_folder):
    results, seconds = whole_run("moons", tmp_path, mnist_folder)
    assert results["classifier"]["accuracy"]["test"] > 0.9
    assert results["in_vs_out"]["uniform"]["pearson"]["value"] > 0.98
    assert results["in_vs_out"]["uniform"]["mae"]["value"] < 0.02
    assert results["realism"]["sliced_wasserstein"] < 0.03
    assert seconds < 180  # promised: 90 s on two quiet cores


def test_corrupted_mnist(tmp_path, mnist_folder):
    results, seconds = whole_run("mnist_corrupt", tmp_path, mnist_folder)
    assert results["classifier"]["accuracy"]["test"] > 0.95
    assert results["class_agreement"]["data"]["value"] >= 0.93
    assert results["in_vs_out"]["uniform"]["pearson"]["value"] >= 0.93
    assert results["in_vs_out"]["uniform"]["mae"]["value"] <= 0.055
    assert results["realism"]["images"]["fid"] <= 60
    assert results["at_sampling"]["best_of"]["in_vs_out"]["mae"]["value"] <= 0.02
    assert seconds < 1200  # promised: 600 s on two quiet cores


def test_the_classifier_of_clean_mnist(tmp_path, mnist_folder):
    from uqgen.config import build, plain

    experiment = build(plain(compose(["experiment=mnist", f"data.folder={mnist_folder}", f"cache={tmp_path}"])))
    experiment.load_data()
    classifiers = experiment.obtain_classifiers(RunFolder(tmp_path / "run"))
    predicted = classifiers.logits["test"].argmax(dim=1)
    assert (predicted == experiment.data.test.label).float().mean() >= 0.985
