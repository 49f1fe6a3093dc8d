"""Runs of earlier versions, read under today's names."""

import json

from uqgen.old_names import RESULTS, SETTINGS, STRIPS, new_setting, renamed
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
