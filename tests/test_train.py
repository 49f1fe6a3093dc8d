"""Every experiment from the data to the report, on a little real data."""

import json
import subprocess
import sys
from shutil import copytree

import numpy as np
import pytest
import torch
from small_runs import overrides

from uqgen.config import compose, plain
from uqgen.evaluate import evaluate_run
from uqgen.report.run_tables import class_agreement_table
from uqgen.run_folder import RunFolder
from uqgen.run_loading import load_run
from uqgen.settings import SettingError
from uqgen.train import train

EXPERIMENTS = [*(pytest.param(name, marks=pytest.mark.slow) for name in ("mnist", "mnist_corrupt")), "moons"]


@pytest.fixture(scope="module", params=EXPERIMENTS)
def finished(request, tmp_path_factory, mnist_folder) -> tuple[RunFolder, list[str], float]:
    """A complete run, how it was started, and what its command returned."""
    folder = tmp_path_factory.mktemp("runs")
    requested = overrides(request.param, folder, mnist_folder)
    returned = train(compose(requested))
    return RunFolder(folder / request.param), requested, returned


def test_a_run_leaves_everything_in_its_folder(finished):
    run, _, _ = finished
    figures = {path.stem for path in run.figures.iterdir()}
    is_image = run.path.name != "moons"
    of_images = {"overview", "confident_errors", "two_rows", "samples", "beside_certain", "beside_uncertain"}
    own = of_images if is_image else {"moons"}
    everywhere = {"score_quality", "in_vs_out", "distribution", "judges", "guidance", "training", "manifold"}
    assert figures == everywhere | own
    assert {path.name for path in run.classifiers.iterdir()} == {
        *("target.pt", "judge-1.pt", "judge-2.pt", "judge-3.pt", "fingerprint.json"),
    }
    assert run.report.stat().st_size > 100_000
    assert not run.features.exists()  # MNIST's come with the package, and points need none
    assert sorted(path.name for path in run.training.iterdir()) == ["evaluations.csv", "history.csv", "last.ckpt"]
    if is_image:
        assert [path.name for path in sorted(run.samples.iterdir())] == ["000000320.png", "000000640.png"]


def test_a_run_of_images_leaves_its_figures_and_samples(tiny_run):
    run = RunFolder(tiny_run)
    of_images = {"overview", "confident_errors", "two_rows", "samples", "beside_certain", "beside_uncertain"}
    assert {path.stem for path in run.figures.iterdir()} >= of_images
    assert [path.name for path in sorted(run.samples.iterdir())] == ["000000160.png", "000000320.png"]
    assert run.report.read_text().count("data:image/png;base64,") == len(list(run.figures.iterdir()))
    assert not run.features.exists()


def test_the_results_are_those_of_what_was_generated(finished):
    run, _, returned = finished
    results = json.loads(run.results.read_text())
    assert results["in_vs_out"]["uniform"]["mae"]["value"] == returned
    assert results["n_images_trained"] >= plain(compose(["debug=seconds"]))["model"]["training"]["n_images"]
    for protocol in ("data", "uniform"):
        agreement = results["in_vs_out"][protocol]
        assert agreement["n"] == 200
        assert agreement["mae"]["low"] <= agreement["mae"]["value"] <= agreement["mae"]["high"]
        assert agreement["rmse"]["value"] >= agreement["mae"]["value"] >= abs(agreement["bias"]["value"])
        assert sum(part["n"] for part in results["by_class"][protocol].values()) == 200
        assert len(results["judges"][protocol]) == 3
    cost = {way: helped["cost"] for way, helped in results["at_sampling"].items()}
    assert cost == {"recalibrated": 1, "best_of": 8, "recalibrated_best_of": 8}
    for helped in results["at_sampling"].values():
        assert helped["in_vs_out"]["n"] == 20
        assert len(helped["judges"]) == 3
    weighted = [part["n"] * part["mae"]["value"] for part in results["by_class"]["uniform"].values()]
    assert sum(weighted) / 200 == pytest.approx(returned)
    assert [row[0] for row in class_agreement_table(results).rows] == list(results["by_class"]["uniform"])


def test_the_results_say_how_calibrated_the_classifier_is(finished):
    run, _, _ = finished
    calibration = json.loads(run.results.read_text())["classifier"]["calibration"]
    assert calibration.keys() == {"temperature", "error_before", "error_after"}
    assert all(0 < value < 100 for value in calibration.values())


@pytest.mark.usefixtures("without_figures")
def test_a_reloaded_run_measures_the_same_again(finished):
    run, _, returned = finished
    before = json.loads(run.results.read_text())
    again = evaluate_run(compose([f"run={run.path}"], "evaluate"))
    after = json.loads(run.results.read_text())
    assert again == returned
    for key in before.keys() - {"seconds"}:
        assert before[key] == after[key], key


def test_controls_are_in_the_results_and_in_the_report(finished):
    run, _, _ = finished
    controls, page = json.loads(run.results.read_text())["controls"], run.report.read_text()
    assert (controls["local_sensitivity"]["shift"] is None) == (run.path.name == "moons")
    assert len(controls["matched_real"]["judges"]) == 3
    both = controls["local_sensitivity"]["noise"]
    assert both["ratio"] == pytest.approx(both["generated"] / both["real"])
    assert f"<td>{both['generated']:#.3g}</td><td>{both['real']:#.3g}</td>" in page
    for part in controls["by_score"]["bins"]:
        enough = min(part["n_generated"], part["n_train"]) >= 200
        assert (part["distance"] is not None) == enough


@pytest.mark.slow
def test_with_other_settings_the_results_and_the_report_are_left_as_they_are(finished):
    run, _, returned = finished
    before = {path: path.read_bytes() for path in (run.results, run.report, *run.figures.iterdir())}
    again = evaluate_run(compose([f"run={run.path}", "evaluation.split=validation"], "evaluate"))
    assert before == {path: path.read_bytes() for path in before}
    names = ("results-split=validation.json", "results.json")
    found, own = (json.loads((run.path / name).read_text()) for name in names)
    assert found["in_vs_out"]["uniform"]["mae"]["value"] == again != returned
    assert (found["evaluation_split"], own["evaluation_split"]) == ("validation", "test")
    assert found["classifier"] == own["classifier"]
    page = (run.path / "report-split=validation.html").read_text()
    assert f"all numbers in {names[0]}. " in page
    assert f"all numbers in {names[1]}. " in run.report.read_text()


def test_a_loaded_run_generates_from_its_averaged_generator(finished):
    run, _, _ = finished
    loaded = load_run(run)
    experiment, own, gan = loaded.experiment, loaded.own, loaded.model
    rng = torch.Generator().manual_seed(0)
    latent = gan.draw_latent(4, rng)
    requested = gan.encoding.complete(own.select(slice(0, 4)), latent.chance)
    with gan.guided_by(None):
        made = gan(latent, requested)
    with torch.no_grad():
        expected = gan.ema.module(latent, gan.encoding(requested))
    expected = expected.clamp(-1, 1) if experiment.data.is_image else expected
    np.testing.assert_array_equal(made.numpy(), expected.numpy())


def test_the_report_stands_alone_and_says_what_the_results_say(finished):
    run, _, _ = finished
    page, results = run.report.read_text().replace("&nbsp;", " "), json.loads(run.results.read_text())
    mae = results["in_vs_out"]["uniform"]["mae"]
    assert f"is missed by {mae['value']:.3f} on average" in page
    assert f"{mae['value']:.3f} [{mae['low']:.3f}, {mae['high']:.3f}]" in page
    assert f"{results['classifier']['accuracy']['test']:.3f}" in page
    for helped in results["at_sampling"].values():
        mae = helped["in_vs_out"]["mae"]
        assert f"<td>{helped['cost']}</td><td>{mae['value']:.3f} [{mae['low']:.3f}, {mae['high']:.3f}]</td>" in page
    assert page.count("data:image/png;base64,") == len(list(run.figures.iterdir()))
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page


def is_of_a_call(path) -> bool:
    """Whether each call leaves it anew: a log, and who held the run last."""
    return path.suffix == ".log" or path.name in (".lock", ".holder")


def test_a_complete_run_is_left_as_it_is(finished):
    run, requested, returned = finished
    before = {path: path.stat().st_mtime_ns for path in run.path.rglob("*") if not is_of_a_call(path)}
    assert train(compose(requested)) == returned
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_a_run_is_not_taken_up_with_other_settings(finished):
    _, requested, _ = finished
    with pytest.raises(SettingError, match=r"^model\.training\.learning_rate=0\.5: allowed"):
        train(compose([*requested, "model.training.learning_rate=0.5"]))


def test_an_unfinished_run_cannot_be_evaluated(tmp_path, mnist_folder):
    settings = plain(compose(overrides("moons", tmp_path, mnist_folder)))
    run = RunFolder(tmp_path / "moons")
    run.open(settings)
    with pytest.raises(SettingError, match="whose training began"):
        load_run(run)


def test_a_training_that_was_stopped_is_not_taken_for_a_complete_one(finished, tmp_path):
    run, _, _ = finished
    copied = RunFolder(copytree(run.path, tmp_path / "stopped"))
    settings = json.loads(copied.settings.read_text())
    settings["model"]["training"]["n_images"] *= 10
    copied.settings.write_text(json.dumps(settings))
    assert load_run(copied).model.n_images > 0  # it was evaluated, so a callback has ended it
    copied.results.unlink()
    with pytest.raises(SettingError, match=r"^run=.*: allowed: a run whose training is complete \(.* images so far"):
        evaluate_run(compose([f"run={copied.path}"], "evaluate"))
    copied.settings.write_text("{")
    with pytest.raises(SettingError, match=r"config\.json: allowed: a file that is whole"):
        load_run(copied)


@pytest.mark.slow
def test_the_command_line_runs_from_any_folder(tmp_path, mnist_folder):
    command = [sys.executable, "-m", "uqgen.train", *overrides("moons", tmp_path, mnist_folder)]
    few = ["evaluation.n_judges=0", "evaluation.n_images=100"]
    done = subprocess.run([*command, *few], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "report:" in done.stdout + done.stderr
    assert (tmp_path / "moons" / "report.html").exists()
