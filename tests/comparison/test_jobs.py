import json
import re

import pytest

from uqgen.comparison.jobs import State, collect_jobs, variant_name
from uqgen.settings import SettingError


def leave(folder, settings=None, results=None, error=None):
    folder.mkdir(parents=True)
    for name, content in (("config", settings), ("results", results), ("error", error)):
        if content is not None:
            (folder / f"{name}.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("condition=paper,seed=0", "condition=paper"),
        ("model.training.seed=1,seed=0,trainer=cpu", "model.training.seed=1,trainer=cpu"),
        ("classifier.checkpoint=old/target.pt,seed=-1", "classifier.checkpoint=old/target.pt"),
        ("moons-1d328316/seed=12", "moons-1d328316"),
        ("condition=paper", "condition=paper"),
        ("seed=0", "moons"),
    ],
)
def test_a_variant_is_the_name_without_the_seed(name, variant):
    assert variant_name(name, "moons") == variant


def test_finds_every_job_and_how_far_it_came(tmp_path):
    settings = {"name": "moons", "seed": 0}
    failure = {"message": "gan.loss=x: allowed: y", "traceback": "..."}
    leave(tmp_path / "a=1,seed=0", settings, {"n": 1})
    leave(tmp_path / "a=1,seed=2", {**settings, "seed": 2}, {"n": 1}, failure)  # its report could not be written
    leave(tmp_path / "a=1,seed=1", {**settings, "seed": 1}, error=failure)
    leave(tmp_path / "a=2,seed=7", error=failure)
    leave(tmp_path / "deeper" / "a=1", {**settings, "seed": 3})
    leave(tmp_path / "a=3,seed=0")
    jobs = collect_jobs(tmp_path)
    assert [(job.name, job.variant, job.seed, job.state, job.error) for job in jobs] == [
        ("a=1,seed=0", "a=1", 0, State.COMPLETE, ""),
        ("a=1,seed=1", "a=1", 1, State.FAILED, "gan.loss=x: allowed: y"),
        ("a=1,seed=2", "a=1", 2, State.FAILED, "gan.loss=x: allowed: y"),
        ("a=2,seed=7", "a=2", 7, State.FAILED, "gan.loss=x: allowed: y"),
        ("deeper/a=1", "deeper/a=1", 3, State.UNFINISHED, ""),
    ]
    assert [job.results for job in jobs] == [{"n": 1}, {}, {}, {}, {}]


def test_where_only_the_seed_varies_the_variant_is_the_experiment(tmp_path):
    leave(tmp_path / "seed=0", {"name": "moons", "seed": 0})
    leave(tmp_path / "seed=-1", error={"message": "", "traceback": ""})
    assert [(job.variant, job.seed) for job in collect_jobs(tmp_path)] == [("moons", -1), ("moons", 0)]


def test_numbers_in_names_are_sorted_as_numbers(tmp_path):
    names = ["n=9,seed=0", "n=9.5,seed=0", "n=10,seed=2", "n=10,seed=10", "paper,seed=0"]
    for name in reversed(names):
        leave(tmp_path / name, {"name": "moons", "seed": int(name.rpartition("=")[2])})
    assert [job.name for job in collect_jobs(tmp_path)] == names


@pytest.mark.parametrize("kind", ["missing", "empty", "a run"])
def test_refuses_a_folder_without_runs(tmp_path, kind):
    folder = tmp_path / "sweep"
    if kind == "empty":
        folder.mkdir()
    if kind == "a run":
        leave(folder, {"name": "moons", "seed": 0})
    with pytest.raises(SettingError, match=rf"^sweep={re.escape(str(folder))}: allowed: the folder of a sweep"):
        collect_jobs(folder)


def test_a_damaged_file_of_a_job_is_named(tmp_path):
    leave(tmp_path / "seed=0", {"name": "moons", "seed": 0})
    (tmp_path / "seed=0" / "config.json").write_text("{'name'")
    with pytest.raises(SettingError, match=r"^sweep=.*config\.json: allowed: a file that is whole"):
        collect_jobs(tmp_path)
