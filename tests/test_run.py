"""A trained run as a notebook has it."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import torch

import uqgen
from uqgen.data.labelled import unit_range
from uqgen.explanation.edits import FAR
from uqgen.metrics.plain import as_plain
from uqgen.run_folder import RunFolder
from uqgen.settings import SettingError

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def run(tiny_run):
    return uqgen.load(tiny_run)


@pytest.fixture(autouse=True)
def _short_search(monkeypatch):
    """Of an image's latent, which a GAN that has hardly begun to learn never finds."""
    monkeypatch.setattr("uqgen.generators.gan.module.N_STEPS", 10)


def test_images_are_of_the_shape_and_range_that_is_promised(run):
    made = run.generate(label=3, score=0.6, n=5, seed=1)
    assert (made.label, made.score_in) == (3, 0.6)
    assert (made.x.shape, made.x.dtype) == ((5, 1, 32, 32), torch.float32)
    assert made.x.min() >= -1
    assert made.x.max() <= 1
    levels = (made.x + 1) * 127.5
    torch.testing.assert_close(levels, levels.round(), rtol=0, atol=1e-4)


def test_what_is_said_of_the_images_is_what_the_target_says_of_them(run):
    made = run.generate(label=3, score=0.6, n=5, seed=1)
    probabilities = run.classifiers.target(made.x).softmax(dim=1)
    torch.testing.assert_close(made.probabilities, probabilities)
    torch.testing.assert_close(made.score_out, probabilities.amax(dim=1))
    assert made.predicted.equal(probabilities.argmax(dim=1))


def test_the_noise_follows_the_seed_alone_and_the_image_what_is_requested(run):
    made = run.generate(label=3, score=0.6, n=4)
    assert made.x.equal(run.generate(3, 0.6, 4, seed=0).x)
    assert not made.x.equal(run.generate(3, 0.6, 4, seed=1).x)
    assert not made.x.equal(run.generate(4, 0.6, 4, seed=0).x)
    assert not made.x.equal(run.generate(3, 0.9, 4, seed=0).x)


def test_the_discriminator_chooses_the_same_noise_for_every_score(run, monkeypatch):
    seen, forward = [], run.model.forward
    monkeypatch.setattr(
        run.model, "forward", lambda latent, condition: seen.append(latent) or forward(latent, condition)
    )
    for score in (0.3, 0.6, 0.9):
        run.generate(3, score, 20)
    assert run.model.resampling.candidates > 1
    assert not seen[0].z.equal(run.model.draw_latent(20, torch.Generator().manual_seed(0)).z)
    for other in seen[1:]:
        assert other.z.equal(seen[0].z)
        assert all(map(torch.equal, other.noise, seen[0].noise))


def test_guidance_is_the_run_s_own_unless_another_is_requested(run):
    made = {strength: run.generate(3, 0.6, 4, guidance=strength).x for strength in (None, 0, 0.0, 1.0, 0.5)}
    assert made[None].equal(made[1.0])
    assert not made[None].equal(made[0])
    assert not made[0.5].equal(made[1.0])
    assert run.generate(3, 0.6, 4).x.equal(made[None])  # nothing is left of what was requested before


def test_guidance_leads_to_the_score_requested(run):
    # This classifier is hardly trained: what it says of generated images is about 0.1, whatever is requested.
    miss = [(run.generate(3, 0.2, 8, guidance=strength).score_out - 0.2).abs().mean() for strength in (0, 1.0)]
    assert miss[1] < miss[0]


def test_a_run_without_guidance_can_be_asked_for_it(run):
    settings = replace(run.experiment.guidance, strength=0.0)
    without = replace(run, experiment=replace(run.experiment, guidance=settings))
    with without.model.guided_by(None):
        alone = without.generate(3, 0.6, 4).x
        assert alone.equal(run.generate(3, 0.6, 4, guidance=0).x)
        assert without.generate(3, 0.6, 4, guidance=1.0).x.equal(run.generate(3, 0.6, 4, guidance=1.0).x)


def test_edits_of_one_score_differ_and_the_smallest_change_that_reaches_and_holds_it_comes_first(run):
    edited = run.edit(3, score=[0.2, 0.6], n=3)
    changes = edited.changes
    assert edited.x.shape == (6, 1, 32, 32)
    torch.testing.assert_close(edited.score_in, torch.tensor([0.2] * 3 + [0.6] * 3))
    difference = (edited.x - (edited.given.float() / 127.5 - 1)) / 2
    torch.testing.assert_close(changes.distance, difference.square().sum(dim=(1, 2, 3)).sqrt(), rtol=1e-3, atol=1e-3)
    assert changes.reached.equal((edited.score_out - edited.score_in).abs() <= 0.05)
    miss = (edited.score_out - edited.score_in).abs()
    of_each = (each.view(2, 3) for each in (changes.reached, changes.held, changes.distance, miss))
    for reached, held, distance, away in zip(*of_each, strict=True):
        assert (reached.int().diff() <= 0).all()
        preferred = held & (distance <= FAR * distance[reached].min()) if reached.any() else held
        assert (preferred[reached].int().diff() <= 0).all()
        for among in (preferred, ~preferred):
            assert (distance[reached & among].diff() >= 0).all()
        assert (away[~reached].diff() >= 0).all()
    assert all(said.shape == (7,) for said in changes.judges.values())


def test_the_way_leads_from_the_reconstruction_of_one_image_to_that_of_the_other(run):
    between = run.interpolate(3, 4, n=5)
    given, made = between.given, between.on_the_way
    assert given.x.equal(run.experiment.data.test.x[3:5])
    assert (made.x.shape, made.x.dtype) == ((5, 1, 32, 32), torch.uint8)
    difference = (made.x[[0, -1]].float() - given.x.float()) / 255
    torch.testing.assert_close(difference.square().mean(dim=(1, 2, 3)).sqrt(), between.error, rtol=0, atol=3e-3)
    torch.testing.assert_close(made.score_out, run.classifiers.target.predict(made.x).softmax(dim=1).amax(dim=1))
    torch.testing.assert_close(made.way, torch.tensor([0, 0.25, 0.5, 0.75, 1]))


@pytest.mark.parametrize(
    ("requested", "message"),
    [
        ({"second": -1}, "^image=-1: allowed: 0 to"),
        ({"first": "nowhere.png"}, r"^image=nowhere\.png: allowed"),
        ({"n": 1}, "^n=1: allowed: an integer of at least 2"),
        ({"seed": -1}, "^seed=-1: allowed"),
    ],
)
def test_what_cannot_be_interpolated_is_refused_in_one_line(run, requested, message):
    with pytest.raises(SettingError, match=message):
        run.interpolate(**{"first": 3, "second": 4, **requested})


def test_no_edits_cannot_be_asked_for(run):
    with pytest.raises(SettingError, match=r"^n=0: allowed: an integer of at least 1"):
        run.edit(3, score=0.6, n=0)
    with pytest.raises(SettingError, match=r"^score=\[\]: allowed: one number or more"):
        run.edit(3, score=[])
    with pytest.raises(SettingError, match=r"^image=bool: allowed: a position in the test split, or an image"):
        run.edit(True, score=0.6)
    with pytest.raises(SettingError, match=r"^score=high: allowed: a number from"):
        run.edit(3, score="high")


def test_in_against_out_is_what_the_results_say(run):
    plain = json.loads(run.folder.results.read_text())["in_vs_out"]
    agreement = run.in_vs_out()
    assert as_plain(agreement) == plain
    assert asdict(agreement["uniform"].mae) == plain["uniform"]["mae"]


def test_in_against_out_is_measured_where_there_are_no_results(run, tmp_path):
    without = replace(run, folder=RunFolder(tmp_path))
    agreement = without.in_vs_out()["uniform"]
    assert agreement.n == run.experiment.evaluation.n_images_in_training
    requested = run.evaluator.measure_in_training(run.model).generated["uniform"]
    assert agreement.mae.value == pytest.approx(float((requested.score_out - requested.requested.score).abs().mean()))


@pytest.mark.parametrize(
    ("requested", "message"),
    [
        ({"label": 10}, r"^label=10: allowed: 0 to 9 \(0, 1, 2"),
        ({"label": -1}, "^label=-1: allowed: 0 to 9"),
        ({"label": 3.0}, r"^label=3\.0: allowed: 0 to 9"),
        ({"score": 0.05}, r"^score=0\.05: allowed: a number from 0\.1 to 1$"),
        ({"score": float("nan")}, "^score=nan: allowed: a number from"),
        ({"n": 0}, "^n=0: allowed: an integer of at least 1"),
        ({"seed": -1}, "^seed=-1: allowed"),
        ({"guidance": -0.5}, r"^guidance=-0\.5: allowed: a number of at least 0$"),
        ({"guidance": "strong"}, "^guidance=strong: allowed"),
    ],
)
def test_what_cannot_be_requested_is_refused_in_one_line(run, requested, message):
    with pytest.raises(SettingError, match=message):
        run.generate(**{"label": 3, "score": 0.6, **requested})


def test_a_sweep_changes_the_score_and_nothing_else_of_each_row(run):
    sweep = run.sweep([1.0, 0.7, 0.4], labels=[3, 5], n=2, seed=1)
    assert (sweep.scores, sweep.x.shape, sweep.x.dtype) == ((1.0, 0.7, 0.4), (2, 2, 3, 1, 32, 32), torch.uint8)
    probabilities = run.classifiers.target(unit_range(sweep.x[1, 0])).softmax(dim=1)
    torch.testing.assert_close(sweep.score_out[1, 0], probabilities.amax(dim=1))
    assert run.sweep([1.0, 0.7, 0.4], labels=[3], n=2, seed=1).x[0].equal(sweep.x[0])
    assert not run.sweep([1.0, 0.7, 0.4], labels=[3], n=2, seed=1, guidance=0).x[0].equal(sweep.x[0])


@pytest.mark.parametrize(
    ("requested", "message"),
    [
        ({"scores": []}, "^scores, labels="),
        ({"scores": [0.5, 0.9]}, r"^scores=\[0.5, 0.9\]: allowed: from certain to uncertain$"),
        ({"scores": [0.9, 0.05]}, r"^score=0\.05: allowed: a number from 0\.1 to 1$"),
        ({"labels": [3, 10]}, "^label=10: allowed: 0 to 9"),
        ({"n": 0}, "^n=0: allowed: an integer of at least 1"),
        ({"guidance": -1}, "^guidance=-1: allowed"),
    ],
)
def test_a_sweep_that_cannot_be_made_is_refused_in_one_line(run, requested, message):
    with pytest.raises(SettingError, match=message):
        run.sweep(**{"scores": [0.9, 0.5], **requested})


@pytest.mark.slow
def test_numbers_of_numpy_and_torch_serve_as_python_s(run):
    same = run.generate(np.int64(3), np.float32(0.625), torch.tensor(2), seed=1)
    assert same.x.equal(run.generate(3, 0.625, n=2, seed=1).x)
    of_numpy, of_torch = (run.edit(np.int64(3), score=each) for each in (np.float32(0.625), torch.tensor([0.625])))
    assert of_numpy.x.equal(of_torch.x)


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(SettingError, match=r"^run=.*: allowed: the folder of a run"):
        uqgen.load(tmp_path / "nothing")


def test_importing_the_package_imports_nothing_else():
    heavy = "import sys, uqgen; sys.exit(any(name in sys.modules for name in ('torch', 'numpy', 'hydra', 'lightning')))"
    assert subprocess.run([sys.executable, "-c", heavy], timeout=60).returncode == 0


@pytest.mark.parametrize("document", ["README.md", pytest.param("docs/notebook.md", marks=pytest.mark.slow)])
def test_the_documented_code_runs(document, tiny_run, monkeypatch):
    mpl.use("agg")
    blocks = re.findall("^```python\n(.*?)^```", (REPOSITORY / document).read_text(), re.DOTALL | re.MULTILINE)
    assert blocks
    monkeypatch.chdir(tiny_run.parents[1])
    names = {}
    for block in blocks:
        exec(block, names)
    assert names["run"].folder.path == Path("runs/demo")
    mpl.pyplot.close("all")


def test_a_run_of_several_gpus_is_opened_on_a_machine_without_them(tiny_run, tmp_path):
    there = shutil.copytree(tiny_run, tmp_path / "run")
    settings = json.loads((there / "config.json").read_text())
    settings["trainer"] |= {"accelerator": "gpu", "devices": 4, "num_nodes": 2, "strategy": "ddp"}
    (there / "config.json").write_text(json.dumps(settings))
    run = uqgen.load(there)
    assert run.generate(label=3, score=0.6, n=2).x.equal(uqgen.load(tiny_run).generate(label=3, score=0.6, n=2).x)
