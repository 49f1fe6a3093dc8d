import json

import pytest

from uqgen.run_folder import RunFolder, flatten
from uqgen.settings import SettingError

SETTINGS = {"seed": 0, "run": "a", "model": {"training": {"n_images": 10}}, "data": {"folder": "data", "seed": 0}}


def changed(key: str, value: object) -> dict:
    settings = json.loads(json.dumps(SETTINGS))
    *path, last = key.split(".")
    node = settings
    for name in path:
        node = node[name]
    node[last] = value
    return settings


def test_a_new_run_keeps_its_settings(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.open(SETTINGS)
    assert run.read_settings() == SETTINGS


@pytest.mark.parametrize("key", ["run", "data.folder"])
def test_a_run_is_taken_up_wherever_its_files_lie(tmp_path, key):
    RunFolder(tmp_path).open(SETTINGS)
    RunFolder(tmp_path).data_fingerprint.touch()
    RunFolder(tmp_path).open(changed(key, "elsewhere"))
    assert RunFolder(tmp_path).read_settings() == SETTINGS


def test_copies_of_weights_stand_in_for_the_files_that_were_named(tmp_path):
    run = RunFolder(tmp_path)
    settings = {"classifier": {"checkpoint": "gone.pt"}, "judge": {"checkpoint": None}, "seed": 0}
    assert run.with_copies(settings) == settings
    run.classifiers.mkdir()
    for name in ("target.pt", "judge-1.pt"):
        (run.classifiers / name).touch()
    copy = str(run.classifiers / "target.pt")
    assert run.with_copies(settings) == {**settings, "classifier": {"checkpoint": copy}}
    assert settings["classifier"] == {"checkpoint": "gone.pt"}


def test_a_copy_of_a_program_is_not_taken_unasked(tmp_path):
    run, program = RunFolder(tmp_path), tmp_path / "model.pt"
    settings = {"classifier": {"file": str(program)}, "judge": {}}
    run.classifiers.mkdir()
    (run.classifiers / "target.pt").touch()
    with pytest.raises(
        SettingError, match=rf"^classifier.file={program}: allowed: an existing file; .*target.pt is a "
    ):
        run.with_copies(settings)
    program.touch()
    assert run.with_copies(settings) == settings


@pytest.mark.parametrize(("key", "old"), [("seed", 0), ("model.training.n_images", 10), ("data.seed", 0)])
def test_a_run_is_not_taken_up_with_another_setting(tmp_path, key, old):
    RunFolder(tmp_path).open(SETTINGS)
    RunFolder(tmp_path).data_fingerprint.touch()
    with pytest.raises(SettingError, match=rf"^{key}=99: allowed: {old}, as .* was started with"):
        RunFolder(tmp_path).open(changed(key, 99))


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(SettingError, match=r"^run="):
        RunFolder(tmp_path).open(SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(SettingError, match=r"^run=.*: allowed: a folder, not a file$"):
        RunFolder(tmp_path / "run").refuse_others_files()


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(SettingError, match=r"^run=.*config\.json"):
        RunFolder(tmp_path).read_settings()


def test_flatten_names_leaves_and_keeps_empty_branches():
    assert flatten({"a": {"b": 1, "c": {}}, "d": [1]}) == {"a.b": 1, "a.c": {}, "d": [1]}


def test_a_failed_run_says_why_and_can_be_tried_again(tmp_path):
    run = RunFolder(tmp_path / "run")
    assert run.fail(SettingError("seed", -1, "0 or more")) == "seed=-1: allowed: 0 or more"
    assert run.fail(ValueError("first\nsecond")) == "ValueError: first"
    assert "ValueError: first\nsecond" in json.loads(run.error.read_text())["traceback"]
    with run.held():
        run.open(SETTINGS)
    assert not run.error.exists()


def test_a_run_keeps_its_tracking_id(tmp_path):
    first, other = RunFolder(tmp_path / "first"), RunFolder(tmp_path / "other")
    assert first.tracking_id() == first.tracking_id() != other.tracking_id()


def test_a_flag_or_a_callback_that_changes_the_training_is_kept_and_another_is_free(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.open({"trainer": {"devices": 1}, "callbacks": {"progress": {"_target_": "a.B"}}})
    run.data_fingerprint.touch()
    run.open({"trainer": {"devices": 1, "profiler": "simple"}, "callbacks": {"progress": {"_target_": "a.C"}}})
    with pytest.raises(SettingError, match=r"^trainer\.limit_train_batches=2: allowed: None, as "):
        run.open({"trainer": {"devices": 1, "limit_train_batches": 2}, "callbacks": {"progress": {"_target_": "a.B"}}})
    with pytest.raises(SettingError, match=r"^callbacks\.swa\._target_=a\.B: allowed: None, as "):
        run.open(
            {"trainer": {"devices": 1}, "callbacks": {"progress": {"_target_": "a.B"}, "swa": {"_target_": "a.B"}}}
        )


def test_a_precision_is_kept_and_where_a_run_trains_is_free(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.open({"trainer": {"precision": "bf16-mixed", "devices": 1}, "data": {"folder": "a", "folders": 1}})
    run.data_fingerprint.touch()
    run.open({"trainer": {"precision": "bf16-mixed", "devices": 4}, "data": {"folder": "b", "folders": 1}})
    with pytest.raises(SettingError, match=r"^trainer\.precision=32-true: allowed: bf16-mixed, as "):
        run.open({"trainer": {"precision": "32-true", "devices": 1}, "data": {"folder": "a", "folders": 1}})
    with pytest.raises(SettingError, match=r"^data\.folders=2: allowed: 1, as "):
        run.open({"trainer": {"precision": "bf16-mixed", "devices": 1}, "data": {"folder": "a", "folders": 2}})


def test_what_was_refused_before_there_were_data_may_be_set_right_in_the_same_folder(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.open({"data": {"test_share": 0.2}})
    (run.path / "train.log").touch()
    run.open({"data": {"test_share": 0.5}})
    assert run.read_settings() == {"data": {"test_share": 0.5}}
    run.data_fingerprint.touch()
    with pytest.raises(SettingError, match=r"^data\.test_share=0\.2: allowed: 0\.5, as "):
        run.open({"data": {"test_share": 0.2}})


def test_results_of_other_settings_are_files_beside_the_runs_own_whatever_the_settings(tmp_path):
    run = RunFolder(tmp_path)
    assert run.varied({"n_images": 50_000, "features": "inception"}).variant == "features=inception,n_images=50000"
    long = {f"name_{number}": "é" * 30 for number in range(20)}
    given = [{"weights": "/data/w.pth"}, {"weights": "/data/w_pth"}, {"weights": "/data_w.pth"}, long, {**long, "n": 1}]
    variants = [run.varied(changes) for changes in given]
    for varied in variants:
        assert varied.explanation.parent == tmp_path
        varied.explanation.mkdir()
        varied.results.touch()
    assert len({varied.variant for varied in variants}) == len(given)
    assert variants[0].variant == run.varied(given[0]).variant
