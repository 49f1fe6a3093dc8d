import json
import re
import shlex
from html import unescape
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from uqgen.config.hydra_private import parse
from uqgen.data.attributes import ATTRIBUTES
from uqgen.explanation.score_sweep import ScoreSweep
from uqgen.report.explanation_tables import own_rows
from uqgen.report.run_page import write_run_page
from uqgen.report.shown_classes import ShownClasses
from uqgen.report.strip_files import read_slider, write_strips
from uqgen.run_folder import RunFolder

NAMES = ["cat & dog", "fish"]
FIGURES = ["strips", "differences", "attributes", "attributes_by_score", "attributes_by_class", "second_choices"]
EXPLAINED = ["From certain to uncertain", "Score sweeps", "Galleries", "What goes with the score", "Second choices"]


@pytest.fixture(scope="module")
def sweep():
    rng = torch.Generator().manual_seed(0)
    x = torch.randint(256, (2, 3, 4, 3, 8, 8), generator=rng, dtype=torch.uint8)
    probabilities = torch.rand(2, 3, 4, 2, generator=rng)
    return ScoreSweep((1.0, 0.9, 0.7, 0.5), x, probabilities.amax(dim=-1), probabilities)


@pytest.fixture
def run(tmp_path, sweep):
    """An explained run, of made-up numbers."""
    folder = RunFolder(tmp_path)
    folder.write(folder.settings, {"name": "demo"})
    figures = folder.explanation / "figures"
    write_strips(figures / "strips", sweep, ShownClasses.all(NAMES))
    for name in [*FIGURES, "gallery_1"]:
        Image.fromarray(np.full((192, 384, 3), 200, np.uint8)).save(figures / f"{name}.png")
    estimate = {"value": 0.25, "low": 0.125, "high": None}
    shares = dict.fromkeys(ATTRIBUTES, estimate)
    source = {"explained": {"all": {"n": 10, "r2": estimate, "shares": shares}}, "held_out_r2": estimate}
    results = {
        "run": "runs/demo",
        "score": "msp",
        "settings": {"seed": 4},
        "attributes": {"sources": dict.fromkeys(("real", "generated", "changes"), source), "truth": None},
        "sweep": {"scores": [1.0, 0.65, 0.3]},
        "near_duplicates": [{"score": 0.65}],
    }
    folder.write(folder.explanation / "results.json", results)
    return folder


def titles(run):
    return [unescape(title) for title in re.findall("<h2>(.*?)</h2>", run.report.read_text())]


def test_strips_are_read_back_as_they_were_written(run, sweep):
    slider = read_slider(run.explanation / "figures" / "strips", "MSP", 10**6)
    assert [strip.requested for strip in slider.strips] == [NAMES[0]] * 3 + [NAMES[1]] * 3
    assert list(slider.scores) == list(sweep.scores)
    for number, strip in enumerate(slider.strips):
        label, noise = divmod(number, 3)
        pixels = np.asarray(Image.open(BytesIO(strip.png)))
        for step in range(4):
            image = pixels[:, 8 * step : 8 * (step + 1)].transpose(2, 0, 1)
            np.testing.assert_array_equal(image, sweep.x[label, noise, step].numpy())
        assert list(strip.predicted) == [NAMES[guess] for guess in sweep.predicted[label, noise]]
        np.testing.assert_allclose(strip.achieved, sweep.score_out[label, noise])


def test_of_many_strips_every_class_comes_once_before_any_twice(run):
    folder = run.explanation / "figures" / "strips"
    size = max(path.stat().st_size for path in folder.glob("*.png"))
    assert [strip.requested for strip in read_slider(folder, "MSP", 2 * size).strips] == NAMES
    few = read_slider(folder, "MSP", 1)
    assert [strip.requested for strip in few.strips] == NAMES[:1]
    assert few.caption.endswith(" Shown: the first 1 of 2.")


def test_the_explanation_stands_after_in_against_out_and_the_page_without_it_is_the_same(run, make_results):
    settings = {"name": "demo", "seed": 0, "evaluation": {}}
    run.write(run.settings, settings)
    classifier = {"accuracy": {"test": 0.9}, "paper_accuracy": None, "test_by_corruption": []}
    more = {"experiment": "demo", "seed": 0, "classifier": classifier, "real_judges": {}, "second_score": None}
    run.write(run.results, {**make_results(0.5), **more, "controls": None, "verdict": None})
    write_run_page(run)
    found = titles(run)
    assert found[:2] == ["The question", "In vs. out"]
    assert found[2 : 2 + len(EXPLAINED)] == EXPLAINED
    assert found[-1] == "How to explain it again"
    once = run.report.read_bytes()
    write_run_page(run)
    assert run.report.read_bytes() == once
    (run.explanation / "results.json").unlink()
    write_run_page(run)
    alone = titles(run)
    assert sorted(alone) == sorted(set(found) - {*EXPLAINED, "How to explain it again"})
    assert alone[:2] == ["Generated beside real", "The question"]


def test_classes_stand_in_the_order_in_which_they_are_behind_the_judges(run):
    def weakness(lead, slant, r2=0.25):
        shares = {name: {"value": slant if name == "slant" else 0.01, "low": 0, "high": 1} for name in ATTRIBUTES}
        explained = {"n": 10, "r2": {"value": r2, "low": 0, "high": 1}, "shares": shares, "spearman": {}}
        return {"lead": {"value": lead, "low": lead - 0.1, "high": lead + 0.1}, "explained": explained}

    results = json.loads((run.explanation / "results.json").read_text())
    own = {"all": weakness(-0.1, 0.02), "seven": weakness(0.2, 0.015), "nine": weakness(-0.5, 0.3)}
    _, *rows = own_rows(own)
    assert [row[0] for row in rows] == ["all", "nine", "seven"]
    assert rows[1][-1].startswith("slant 0.30, ")
    run.write(run.explanation / "results.json", {**results, "attributes": {**results["attributes"], "own": own}})
    write_run_page(run)
    assert "Where the classifier is worse than its judges" in titles(run)
    assert "slant 0.30," in run.report.read_text()
    nothing = {"label": 1, "name": "nine", "attributes": [], "n_images": 10}
    results |= {"attributes": {**results["attributes"], "own": own}, "discovered_own": nothing}
    run.write(run.explanation / "results.json", results)
    write_run_page(run)
    assert "In generated images of class nine, where it is furthest behind, no direction" in run.report.read_text()


def test_it_says_the_numbers_and_the_command(run):
    write_run_page(run)
    html = run.report.read_text()
    assert html.count("0.250") == 3 * (len(ATTRIBUTES) + 2)
    assert "<pre><code>python -m uqgen.explain run=runs/demo explanation.seed=4</code></pre>" in html
    assert html.count("<script>") == 1
    assert "http" not in html.replace("http-equiv", "")


def test_a_run_that_was_not_measured_gets_a_page_that_says_so(run):
    write_run_page(run)
    assert titles(run) == [*EXPLAINED, "How to explain it again"]
    assert (
        "python -m uqgen.evaluate run="
        in run.report.read_text().partition('<p class="summary">')[2].partition("</p>")[0]
    )


def test_a_folder_that_hydra_would_take_apart_is_quoted_for_it_and_for_the_shell(run):
    path = run.explanation / "results.json"
    path.write_text(path.read_text().replace("runs/demo", "sweeps/seed=0,variant=paper"))
    write_run_page(run)
    command = unescape(run.report.read_text().partition("<pre><code>")[2].partition("</code>")[0])
    folder = next(word.removeprefix("run=") for word in shlex.split(command) if word.startswith("run="))
    (override,) = parse([f"run={folder}"])
    assert override.value() == "sweeps/seed=0,variant=paper"
