"""Runs of earlier versions, read under today's names."""

import json

from uqgen.conditioning.drawn_conditions import DataConditions
from uqgen.config.composition import compose, plain
from uqgen.config.construction import build
from uqgen.evaluation.evaluation_settings import EvaluationSettings
from uqgen.guidance.guidance_settings import GuidanceSettings
from uqgen.old_names import MODULES, RESULTS, SETTINGS, STRIPS, moved, new_setting, renamed
from uqgen.run_folder import RunFolder


def test_names_are_replaced_where_they_stand_and_nowhere_else():
    old = {"at_sampling": {"corrected": {"corrected": 1}, "best_of": 2}, "corrected": 3}
    new = renamed(old, RESULTS)
    assert new == {"at_sampling": {"recalibrated": {"corrected": 1}, "best_of": 2}, "corrected": 3}
    assert list(new["at_sampling"]) == ["recalibrated", "best_of"]  # tables follow the order


def test_what_is_new_stays():
    for names in (SETTINGS, RESULTS, STRIPS):
        nested = {}
        for path, name in names.items():
            parent, _, _ = path.rpartition(".")
            (nested.setdefault(parent, {}) if parent else nested)[name] = 1
        assert renamed(nested, names) == nested


def test_a_setting_without_another_name_has_none():
    assert new_setting("model.pullover") is None
    assert new_setting("model.pull") == "model.guidance_gradient"


def test_an_old_run_goes_on_with_the_settings_of_today(tmp_path):
    run = RunFolder(tmp_path)
    run.write(run.settings, {"model": {"pull": {"weight": 1.0}}, "evaluation": {"n_correction": 4}})
    today = {"model": {"guidance_gradient": {"weight": 1.0}}, "evaluation": {"n_recalibration": 4}}
    assert run.read_settings() == today
    run.open(today)


def test_old_results_are_read(tmp_path):
    run = RunFolder(tmp_path)
    run.results.write_text(json.dumps({"controls": {"copies": {"share": 0.5}}}))
    assert run.read_results() == {"controls": {"memorisation": {"share": 0.5}}}


def test_an_old_runs_surrogates_are_found(tmp_path):
    run = RunFolder(tmp_path)
    assert run.surrogate(2) == run.classifiers / "surrogate-2.pt"
    run.write(run.classifiers / "sibling-2.pt", {})
    assert run.surrogate(2) == run.classifiers / "sibling-2.pt"


def test_an_old_runs_parts_are_found_where_they_lie_today(tmp_path):
    run, today = RunFolder(tmp_path), plain(compose(["experiment=moons", "sampler=data", "trainer=cpu"]))
    text = json.dumps(today)
    for old, new in MODULES.items():
        assert f'"{new}.' in text
        text = text.replace(f'"{new}.', f'"{old}.')
    run.settings.write_text(text)
    found = run.read_settings()
    run.open(today)
    assert found == today
    experiment = build(found)
    assert isinstance(experiment.evaluation, EvaluationSettings)
    assert isinstance(experiment.guidance, GuidanceSettings)
    assert experiment.sampler.func is DataConditions


def test_other_import_paths_stay():
    settings = {"callbacks": [{"_target_": "uqgen.settings.X"}], "_target_": "mine.evaluation.settings.X", "name": "a"}
    assert moved(settings) == settings
    assert moved({"a": [{"_target_": "uqgen.guidance.settings.X"}]}) == {
        "a": [{"_target_": "uqgen.guidance.guidance_settings.X"}]
    }
