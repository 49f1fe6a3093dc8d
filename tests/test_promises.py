"""What the experiments promise, in whole runs with their own settings: minutes, so marked slow.

How long they take is for `make bench` to say: a test that goes by the clock tells of the machine.
"""

import json

import pytest

from uqgen.config import build, compose, plain
from uqgen.data.corruption import CORRUPTIONS
from uqgen.evaluation.results_json import classifier_results
from uqgen.run_folder import RunFolder
from uqgen.train import train

pytestmark = pytest.mark.slow


def whole_run(experiment: str, folder, mnist_folder) -> dict:
    run = RunFolder(folder / experiment)
    data = [] if experiment == "moons" else [f"data.folder={mnist_folder}"]
    train(compose([f"experiment={experiment}", f"run={run.path}", f"cache={folder / 'cache'}", *data]))
    return json.loads(run.results.read_text())


def test_moons(tmp_path, mnist_folder):
    results = whole_run("moons", tmp_path, mnist_folder)
    assert results["classifier"]["accuracy"]["test"] > 0.9
    assert results["in_vs_out"]["uniform"]["pearson"]["value"] > 0.98
    assert results["in_vs_out"]["uniform"]["mae"]["value"] < 0.02
    assert results["realism"]["sliced_wasserstein"] < 0.03


def test_corrupted_mnist(tmp_path, mnist_folder):
    results = whole_run("mnist_corrupt", tmp_path, mnist_folder)
    assert results["classifier"]["accuracy"]["test"] > 0.93
    assert results["class_agreement"]["data"]["value"] >= 0.93
    assert results["in_vs_out"]["uniform"]["pearson"]["value"] >= 0.98
    assert results["in_vs_out"]["uniform"]["mae"]["value"] <= 0.015
    assert results["by_strength"][0]["in_vs_out"]["mae"]["value"] <= 0.14
    assert results["realism"]["images"]["fid"] <= 5
    assert results["manifold"]["certain"]["mean"]["coverage"]["ratio"] >= 0.7
    assert results["manifold"]["mean_below"]["coverage"]["ratio"] >= 0.8


def classifier_alone(folder, mnist_folder, *overrides: str) -> dict:
    where = [f"data.folder={mnist_folder}", f"cache={folder}", "evaluation.n_judges=0"]
    experiment = build(plain(compose([*overrides, *where])))
    experiment.load_data()
    classifiers = experiment.roles.obtain(RunFolder(folder / "run"))
    evaluator = experiment.evaluator(classifiers, experiment.own_conditions(classifiers), None)
    return classifier_results(evaluator, experiment.name)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_classifier_of_corrupted_mnist_is_the_papers_and_doubts_by_noise_as_by_blur(seed, tmp_path, mnist_folder):
    found = classifier_alone(tmp_path, mnist_folder, "experiment=mnist_corrupt", f"classifier.training.seed={seed}")
    for split, accuracy in found["paper_accuracy"].items():
        assert found["accuracy"][split] == pytest.approx(accuracy, abs=0.007)
    errors = {kind: [] for kind in CORRUPTIONS}
    for kind in found["test_by_corruption"]:
        errors[kind["corruption"]].append(1 - kind["accuracy"])
    clean, noise, blur = (sum(error) / len(error) for error in errors.values())
    assert clean < 0.03
    assert 0.8 < noise / blur < 1.25
    for kind in CORRUPTIONS[1:]:
        weak, strong = errors[kind][:3], errors[kind][3:]
        assert max(weak) < min(strong)


def test_the_classifier_of_clean_mnist(tmp_path, mnist_folder):
    assert classifier_alone(tmp_path, mnist_folder, "experiment=mnist")["accuracy"]["test"] >= 0.985
