"""A tiny run explained as a user does it."""

import csv
import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from uqgen.conditioning.condition import Condition
from uqgen.config import compose
from uqgen.data.attributes import ATTRIBUTES
from uqgen.evaluation.generated import generate_scored
from uqgen.explain import main, print_rows
from uqgen.explanation.editing_settings import EditingSettings
from uqgen.explanation.explanation_settings import ExplanationSettings
from uqgen.explanation.slice_export import export_slices
from uqgen.explanation.slices import find_slices
from uqgen.run_folder import RunFolder
from uqgen.run_loading import load_run
from uqgen.settings import SettingError

pytestmark = pytest.mark.usefixtures("log_no_further")

SMALL = [
    f"explanation.{name}"
    for name in ("n_scores=3", "n_noises=5", "n_resamples=20", "n_candidates=12", "n_shown=3", "n_examined=10")
]


@pytest.fixture(scope="module")
def explained(tiny_run, tmp_path_factory, few_trees, hurried):
    """A run's folder once it was explained, and what the command returned."""
    folder = tmp_path_factory.mktemp("explained") / "run"
    shutil.copytree(tiny_run, folder)
    returned = main(compose([f"run={folder}", "explanation.n_galleries=2", *SMALL], "explain"))
    return folder, returned


def test_leaves_numbers_figures_and_an_animation(explained):
    folder, _ = explained
    assert {path.name for path in (folder / "explanation").iterdir()} == {
        "results.json", "figures", "sweep.gif", "explain.log",
    }  # fmt: skip
    figures = {path.stem for path in (folder / "explanation" / "figures").iterdir()}
    attributes = {"attributes", "attributes_by_class", "attributes_by_score"}
    results = json.loads((folder / "explanation" / "results.json").read_text())
    found = len(results["discovered"]["attributes"])
    attributes |= {"discovered", *(f"discovered_{number}" for number in range(1, found + 1))} if found else set()
    own = results["discovered_own"]
    of_own = len(own["attributes"]) if own else 0
    attributes |= {f"own_{number}" for number in range(1, of_own + 1)}
    assert figures == {"strips", "differences", "slices", "second_choices", "gallery_1", "gallery_2"} | attributes
    with Image.open(folder / "explanation" / "sweep.gif") as animation:
        assert animation.n_frames > 30


SLICE_KEYS = {
    *("number", "classes", "predicted_as", "size", "n_errors", "error_rate", "rest", "judges", "explained"),
    *("is_confirmed", "is_own", "mean_score", "quality", "attribute", "nearest", "generated", "sentence", "advice"),
}


def test_slices_are_found_on_some_real_images_and_told_of_others(explained):
    folder, _ = explained
    slices = json.loads((folder / "explanation" / "results.json").read_text())["slices"]
    assert slices["split"] == "test"
    for number, each in enumerate(slices["found"], start=1):
        assert each["number"] == number
        assert each.keys() == SLICE_KEYS
        assert each["size"] >= each["n_errors"]
        assert len(each["nearest"]) == min(3, each["size"])
        assert each["sentence"].endswith(".")
    assert "<h2>Slices</h2>" in (folder / "report.html").read_text()


def test_slices_are_exported_where_nothing_is(tiny_run, tmp_path):
    run, target = load_run(RunFolder(tiny_run)), tmp_path / "weak"
    requested = Condition(torch.arange(10).repeat(8), torch.full((80,), 0.5))
    made = generate_scored(run.model, requested, run.classifiers.target, {}, run.classifiers.score, 0)
    slices = find_slices(run.evaluator, [made], ExplanationSettings(n_resamples=5, n_slices=3))
    export_slices(slices, run.evaluator, target)
    rows = list(csv.DictReader((target / "real.csv").open()))
    data = run.experiment.data.test
    assert [row["class"] for row in rows] == [run.class_names[label] for label in data.label.tolist()]
    confirmed = [facts.number for facts in slices.facts if facts.found.is_confirmed]
    assert {int(row["slice"]) for row in rows} <= {0, *confirmed}
    for facts in json.loads((target / "slices.json").read_text()):
        paths = list(target.rglob(f"slice-{facts['number']}-*.png"))
        assert len(paths) == len(facts["generated"])
        for path in paths:
            place = int(path.stem.rpartition("-")[2])
            assert path.parent.name == run.class_names[int(slices.requested[place])]
            assert np.array_equal(np.asarray(Image.open(path)), slices.x[place, 0].numpy())
    with pytest.raises(SettingError, match="export"):
        export_slices(slices, run.evaluator, target)


def test_the_results_hold_every_attribute_of_every_source(explained):
    folder, returned = explained
    results = json.loads((folder / "explanation" / "results.json").read_text())
    sources = results["attributes"]["sources"]
    assert sources.keys() == {"generated", "changes", "real"}
    assert sources["generated"]["explained"]["all"]["n"] == 10 * 5 * 3
    assert sources["real"]["explained"]["all"]["n"] == 1_000
    assert sources["generated"]["explained"]["all"]["r2"]["value"] == returned
    for source in sources.values():
        shares = source["explained"]["all"]["shares"]
        assert shares.keys() == ATTRIBUTES.keys()
        total = sum(share["value"] for share in shares.values())
        assert total == pytest.approx(source["explained"]["all"]["r2"]["value"])
    truth = results["attributes"]["truth"]
    assert truth["explained"]["all"]["shares"].keys() == {"gaussian noise", "gaussian blur"}
    assert truth["beside"]["r2"]["value"] >= truth["explained"]["all"]["r2"]["value"]
    np.testing.assert_allclose(results["sweep"]["scores"], [1, 0.65, 0.3])
    assert [part["score"] for part in results["near_duplicates"]] == pytest.approx([0.65, 0.3])
    assert len(results["second_choices"]) == 2
    own = results["attributes"]["own"]
    lead = {name: each["lead"]["value"] for name, each in own.items() if name != "all"}
    assert len(lead) == 10
    searched = results["discovered_own"]
    assert searched is None or lead[searched["name"]] < 0
    assert "Where the classifier is worse than its judges" in (folder / "report.html").read_text()


@pytest.mark.slow
def test_another_explanation_stands_beside_the_first_named_by_what_differs(explained):
    folder, _ = explained
    kept = (path for path in folder.rglob("*") if path.is_file() and path.suffix in (".png", ".json", ".gif", ".html"))
    before = {path: path.read_bytes() for path in kept}
    main(compose([f"run={folder}", "explanation.n_galleries=1", "split=validation", *SMALL], "explain"))
    assert before == {path: path.read_bytes() for path in before}
    other = "n_galleries=1,split=validation"
    results = json.loads((folder / f"explanation-{other}" / "results.json").read_text())
    assert (results["settings"]["n_galleries"], results["split"]) == (1, "validation")
    page = (folder / f"report-{other}.html").read_text()
    assert len(page) > 100_000
    assert f"All numbers are in explanation-{other}/results.json" in page
    shutil.rmtree(folder / f"explanation-{other}")
    (folder / f"report-{other}.html").unlink()


def test_no_word_of_a_table_is_cut_off_on_80_columns(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    long = "-0.00039 [-0.00085, 0.0013]"
    rows = [
        ["share of the variance", "real", "generated", "generated: change"],
        ["random forest, held out", *3 * [long]],
    ]
    print_rows(rows)
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 80
    assert all(word in said.split() for row in rows for cell in row for word in cell.split())


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("split=train", "split=train: allowed: test, validation$"),
        ("between=[4,99999]", "between=99999: allowed: 0 to "),
    ],
)
def test_a_setting_is_refused_by_the_name_that_was_given(given, line, explained):
    with pytest.raises(SettingError, match=f"^{line}"):
        main(compose([f"run={explained[0]}", given], "explain"))


def test_points_are_refused(moons_run):
    with pytest.raises(SettingError, match=r"^run=.*: allowed: a run of images"):
        main(compose([f"run={moons_run}"], "explain"))


def test_the_settings_are_those_that_are_documented():
    settings = compose(["run=x"], "explain")
    assert settings.explanation == vars(ExplanationSettings())
    assert settings.editing == vars(EditingSettings())


@pytest.fixture(params=["tiny_run", pytest.param("tiny_flow_run", marks=pytest.mark.slow)])
def either(request):
    return request.getfixturevalue(request.param)


def test_given_images_are_edited_and_measured(either, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(either, folder)
    few = [
        f"editing.{name}" for name in ("n_inversion_steps=2", "n_editing_steps=2", "n_baseline_steps=2", "n_scores=3")
    ]
    main(compose([f"run={folder}", "image=4", *few], "explain"))
    (path,) = (folder / "explanation").glob("image_4-*.png")
    with Image.open(path) as figure:
        assert min(figure.size) > 100
    written = json.loads(path.with_suffix(".json").read_text())
    assert [edit["score_in"] for edit in written["edits"]] == pytest.approx([1, 0.65, 0.3])
    for edit in written["edits"]:
        assert edit["reached"] == (abs(edit["score_out"] - edit["score_in"]) <= 0.05)
        assert edit["judges"].keys() == written["given"]["judges"].keys() == {"judge 1"}
        assert sum(edit["shares"].values()) == pytest.approx(1, abs=1e-5)
    returned = main(compose([f"run={folder}", "edits=5", *few], "explain"))
    (path,) = (folder / "explanation").glob("edits_test_5-*.json")
    results = json.loads(path.read_text())
    assert results["requested"] == pytest.approx([0.3, 0.65, 1])
    methods = results["methods"]
    ways = {"condition", "condition, then guidance", "search of latents", "pixels", "nearest real image"}
    assert methods.keys() > ways
    assert methods["smallest change"]["reached"]["value"] == returned
    assert {found["n_images"] for found in methods.values()} == {5}
    assert len({found["n_edits"] for found in methods.values()}) == 1
    assert methods["pixels"]["followed"].keys() == {"target", "judge 1"}
    assert methods["pixels"]["true_class_kept"].keys() == {"target", "judge 1"}
    assert path.with_suffix(".png").exists()


def test_one_image_is_led_to_another(either, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(either, folder)
    Image.fromarray(np.full((40, 50), 90, np.uint8)).save(tmp_path / "mine.png")
    few = ["editing.n_inversion_steps=2", "editing.n_between=5"]
    returned = main(compose([f"run={folder}", f"between=[4,{tmp_path / 'mine.png'}]", *few], "explain"))
    (path,) = (folder / "explanation").glob("between_4_mine-*.png")
    with Image.open(path) as figure:
        assert min(figure.size) > 100
    results = json.loads(path.with_suffix(".json").read_text())
    assert results["images"] == [4, str(tmp_path / "mine.png")]
    assert max(results["given"]["error"]) == returned
    made = results["on_the_way"]
    assert made["way"] == [0, 0.25, 0.5, 0.75, 1]
    np.testing.assert_allclose(made["score"], np.max(made["probabilities"], axis=1))
