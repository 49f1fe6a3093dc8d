"""Runs with other scores, ensembles and enforcements, on few points."""

import json

import pytest
import torch
from small_runs import FEW, overrides

from uqgen.conditioning.condition import Condition
from uqgen.config import compose
from uqgen.files import read_rows
from uqgen.metrics.bootstrap import Estimate
from uqgen.report.style import with_interval
from uqgen.run_folder import RunFolder
from uqgen.run_loading import load_run
from uqgen.scores import get_score
from uqgen.settings import SettingError
from uqgen.tensor_files import load_tensors
from uqgen.train import train


@pytest.mark.usefixtures("without_figures")
def test_a_score_is_fitted_to_the_target_before_it_is_used_and_when_a_run_is_loaded(tmp_path):
    settings = ["evaluation.n_judges=1", "evaluation.n_images_in_training=10", "evaluation.n_images=50", *FEW]
    requested = [*overrides("moons", tmp_path, tmp_path), "score=msp_calibrated", *settings]
    train(compose(requested))
    run = RunFolder(tmp_path / "moons")
    loaded = load_run(run)
    classifiers, own = loaded.classifiers, loaded.own
    temperature = json.loads(run.results.read_text())["classifier"]["calibration"]["temperature"]
    assert abs(temperature - 1) > 0.01
    assert classifiers.score.parameters == {"temperature": temperature}
    logits = classifiers.logits["train"]
    torch.testing.assert_close(own.score, (logits / temperature).softmax(dim=1).amax(dim=1))
    assert loaded.evaluator.score is classifiers.score


@pytest.mark.usefixtures("without_figures")
@pytest.mark.parametrize("score", ["mutual_information", pytest.param("energy", marks=pytest.mark.slow)])
def test_an_ensemble_and_judges_that_are_ensembles(score, tmp_path):
    ensembles = [f"{group}=mlp_ensemble" for group in ("classifier", "classifier@judge")]
    settings = ["evaluation.n_judges=1", "evaluation.n_images_in_training=10", "evaluation.n_images=50", *FEW]
    train(compose([*overrides("moons", tmp_path, tmp_path), f"score={score}", *ensembles, *settings]))
    run = RunFolder(tmp_path / "moons")
    results = json.loads(run.results.read_text())
    loaded = load_run(run)
    classifiers, own = loaded.classifiers, loaded.own
    logits, data = classifiers.logits["train"], loaded.experiment.data
    assert logits.shape == (1000, 5, 2)
    assert own.score.equal(classifiers.score(logits, data.train.label))
    assert own.score.std() > 0
    mean = classifiers.logits["test"].softmax(dim=2).mean(dim=1)
    assert results["classifier"]["accuracy"]["test"] == (mean.argmax(dim=1) == data.test.label).float().mean().item()
    assert results["real_judges"]["judge 1"]["n"] == len(data.test)
    assert results["classifier"]["judges_test_accuracy"]["judge 1"] > 0.7
    assert len(list((tmp_path / "cache" / "classifiers").glob("*.pt"))) == 10


@pytest.mark.slow
def test_two_scores_are_requested_measured_and_shown(tmp_path):
    ensembles = [f"{group}=mlp_ensemble" for group in ("classifier", "classifier@judge")]
    settings = ["evaluation.n_judges=1", "evaluation.n_images_in_training=10", "evaluation.n_images=50", *FEW]
    requested = [*overrides("moons", tmp_path, tmp_path), "score=entropy_and_mutual_information", *ensembles, *settings]
    train(compose(requested))
    run = RunFolder(tmp_path / "moons")
    results, page = json.loads(run.results.read_text()), run.report.read_text().replace("&nbsp;", " ")
    second = results["second_score"]
    assert (results["score"], second["name"]) == ("entropy", "mutual_information")
    for protocol in ("data", "uniform"):
        assert second["in_vs_out"][protocol]["n"] == second["judges"][protocol]["judge 1"]["n"] == 50
        assert with_interval(Estimate(**second["disentanglement"][protocol]["second_on_second"]["slope"])) in page
    assert with_interval(Estimate(**second["in_vs_out"]["uniform"]["mae"])) in page
    assert (run.figures / "in_vs_out_second.png").exists()
    loaded = load_run(run)
    own, gan = loaded.own, loaded.model
    logits, label = loaded.classifiers.logits["train"], own.label
    assert own.second.equal(get_score("mutual_information")(logits, label))
    latent = gan.draw_latent(16, torch.Generator().manual_seed(0))
    condition = Condition(torch.arange(16) % 2, torch.full((16,), 0.3))
    low, high = (gan(latent, condition._replace(second=torch.full((16,), value))) for value in own.second.aminmax())
    assert not torch.equal(low, high)
    chosen = gan.encoding.complete(condition, torch.special.ndtr(latent.z[:, 0])).second
    assert gan(latent, condition).equal(gan(latent, condition._replace(second=chosen)))
    low, high = (loaded.generate(0, 0.3, n=4, second=float(value)) for value in own.second.aminmax())
    assert not torch.equal(low.x, high.x)
    assert loaded.generate(0, 0.3, n=4).x.shape == (4, 2)  # with a second score that goes with the first
    with pytest.raises(SettingError, match=r"^second=9: allowed"):
        loaded.generate(0, 0.3, second=9)


@pytest.mark.slow
@pytest.mark.usefixtures("without_figures")
def test_surrogates_take_part_and_are_neither_target_nor_judge(tmp_path, mnist_folder):
    requested = [*overrides("moons", tmp_path, mnist_folder), "condition=softmax", "enforcement=surrogates", *FEW]
    train(compose(requested))
    run = RunFolder(tmp_path / "moons")
    weights = {path.stem: load_tensors(path)["state_dict"] for path in run.classifiers.glob("*.pt")}
    assert {"surrogate-1", "surrogate-2"} <= weights.keys()
    first = [[value.flatten()[0].item() for value in state.values()] for state in weights.values()]
    assert len({tuple(values) for values in first}) == len(first) == 6
    losses = [row["g_enforcement"] for row in read_rows(run.training / "history.csv")]
    assert all(loss > 0 for loss in losses)
