"""Sweeps: how they are laid out, and real ones on moons."""

import json
import os
import subprocess
import sys

import hydra
import pytest
from hydra.core.hydra_config import HydraConfig

from uqgen.comparison.jobs import variant_name
from uqgen.config import CONF
from uqgen.config.sweep import SweepPlan, job_folder, plan_sweep
from uqgen.run_folder import RunFolder
from uqgen.settings import SettingError


def plan(*overrides: str, shared: tuple[str, ...] = ()) -> SweepPlan:
    with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = hydra.compose("train", list(shared), return_hydra_config=True)
        HydraConfig.instance().set_config(cfg)
        return plan_sweep(cfg, [*shared, *overrides])


def test_jobs_are_named_by_what_varies():
    sweep = plan("seed=0,1", "condition=paper,paper_raw", shared=("experiment=moons", "cache=x"))
    assert sweep.jobs == (
        "condition=paper,seed=0",
        "condition=paper_raw,seed=0",
        "condition=paper,seed=1",
        "condition=paper_raw,seed=1",
    )
    assert sweep.arguments[0] == "hydra.job.config.override_dirname.exclude_keys=[cache,experiment]"


def test_a_ready_sweep_takes_every_variant_there_is():
    there = {path.stem for path in (CONF / "variant").glob("*.yaml")} - {"flow"}  # of images alone
    sweep = plan(shared=("sweep=variants",))
    assert set(sweep.jobs) == {f"seed={seed},variant={name}" for name in there for seed in range(3)}


def test_the_same_sweep_finds_its_folder_and_another_does_not():
    first = plan("seed=0,1", shared=("experiment=moons",)).folder
    assert first == plan("seed=0,1", "cache=elsewhere", shared=("experiment=moons",)).folder
    assert first.parent.name == "sweeps"
    assert first.name.startswith("moons-")
    assert first != plan("seed=0,1,2", shared=("experiment=moons",)).folder
    assert first != plan("seed=0,1", "score=margin", shared=("experiment=moons",)).folder
    assert first == plan("seed=0,1", "trainer=cpu", shared=("experiment=moons",)).folder
    assert first == plan("seed=0,1", "+trainer.profiler=simple", shared=("experiment=moons",)).folder
    for changing in ("trainer.precision=32-true", "+trainer.deterministic=true", "+callbacks.mine._target_=a.B"):
        assert first != plan("seed=0,1", changing, shared=("experiment=moons",)).folder


def test_a_folder_that_is_named_is_taken():
    sweep = plan("seed=0,1", "hydra.sweep.dir=mine", shared=("hydra.sweep.dir=mine",))
    assert str(sweep.folder) == "mine"
    assert len(sweep.arguments) == 1


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trainer=ddp", "trainer.devices=2: allowed: 1 in a sweep"),
        ("trainer.num_nodes=2", "trainer.num_nodes=2: allowed: 1 in a sweep"),
        ("run=here", "run=here: allowed: nothing in a sweep; hydra.sweep.dir"),
    ],
)
def test_what_no_job_can_have_is_refused_before_any_job(override, message):
    with pytest.raises(SettingError) as refusal:
        plan("seed=0,1", shared=(override,))
    assert message in str(refusal.value)


LONG = ",".join(f"model.generator.some_long_setting_{number}=choice(0.001)" for number in range(8))


def test_long_names_are_shortened_and_runs_of_a_variant_still_go_together():
    short = job_folder("condition=paper,seed=0")
    assert short == "condition=paper,seed=0"
    names = [job_folder(f"{LONG},seed={seed},z={z}") for z in ("é" * 10, "b") for seed in (0, 1)]
    assert all(len(name.encode()) <= 255 for name in names)
    assert len(set(names)) == 4
    assert [name.rpartition(",")[2] for name in names] == ["seed=0", "seed=1"] * 2
    variants = [variant_name(name, "moons") for name in names]
    assert variants[0] == variants[1] != variants[2] == variants[3]
    assert job_folder(f"{LONG},seed=0,z=b") == names[2]
    assert job_folder("é" * 200).encode()[:10] == ("é" * 5).encode()


def test_folders_and_quotes_in_values_make_names_that_can_be():
    assert job_folder("") == "job"
    assert job_folder("classifier.file=models/a.pt,seed=0") == "classifier.file=models/a.pt,seed=0"
    assert job_folder("data.folder='5',seed=0") == "data.folder=5,seed=0"
    assert "/" not in job_folder(f"classifier.file=models/a.pt,{LONG}")


def test_a_path_in_a_value_leads_nowhere():
    assert job_folder("classifier.file=../../a.pt,seed=0") == "classifier.file=../__/a.pt,seed=0"
    assert job_folder("data.folder=a/../../b,seed=0") == "data.folder=a/__/__/b,seed=0"


def test_a_judge_that_is_named_does_not_hide_which_classifier_a_job_has():
    sweep = plan("classifier=cnn,cnn_dropout", "classifier@judge=cnn", "seed=0", shared=("experiment=mnist",))
    jobs = [f"classifier={name},classifier@judge=cnn" for name in ("cnn", "cnn_dropout")]
    assert sweep.jobs == tuple(jobs)
    assert sweep.arguments[0] == "hydra.job.config.override_dirname.exclude_keys=[experiment,seed]"


def test_who_starts_the_jobs_does_not_change_the_sweep():
    folders = {
        plan("seed=0,1", *more).folder for more in ((), ("hydra/launcher=joblib",), ("hydra.launcher.n_jobs=2",))
    }
    assert len(folders) == 1


@pytest.mark.slow
def test_a_sweep_of_ones_own_experiment_is_found_and_its_jobs_are_named_as_planned(tmp_path):
    """Hydra itself runs the jobs of a sweep with a long name; each leaves its settings."""
    (tmp_path / "mine" / "experiment").mkdir(parents=True)
    (tmp_path / "mine" / "experiment" / "mine.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /data: moons\nname: mine\n"
    )
    many = [f"+model.some_long_setting_of_the_generator_{number}=choice(0.001)" for number in range(8)]
    program = (
        "import sys\nfrom pathlib import Path\nfrom uqgen.config import run_command\n"
        "def task(cfg):\n    Path(cfg.run).mkdir(parents=True, exist_ok=True)\n"
        "    (Path(cfg.run) / 'told').write_text(f'{cfg.name} {cfg.data.folder} {cfg.seed}')\n    return 0.0\n"
        "if __name__ == '__main__':\n    run_command('train', task, sweeps=True)\n"
    )
    (tmp_path / "program.py").write_text(program)
    requested = [
        "-m",
        "--config-dir=mine",
        "experiment=mine",
        "seed=0,1",
        "+data.folder=images (1)",
        "trainer=cpu",
        *many,
    ]
    found = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "program.py", *requested], cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 1, done.stderr  # for no job left results
        assert done.stderr == ""
        found.append(sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("told")))
    assert found[0] == found[1]
    assert [(tmp_path / path).read_text() for path in found[0]] == [f"mine images (1) {seed}" for seed in (0, 1)]
    assert [path.parts[-2].rpartition(",")[2] for path in found[0]] == ["seed=0", "seed=1"]
    assert found[0][0].parts[1].startswith("mine-")


def sweep_moons(folder, *overrides: str) -> subprocess.CompletedProcess:
    requested = ["experiment=moons", "debug=seconds", "trainer=cpu", "cache=cache", "hydra.sweep.dir=sweep", *overrides]
    command = [sys.executable, "-m", "uqgen.train", "-m", *requested]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)


@pytest.mark.slow
def test_a_sweep_of_one_job_is_one_run_below_its_folder(tmp_path):
    done = sweep_moons(tmp_path, "seed=1")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "sweep" / "job" / "results.json").exists()


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """Three jobs on two workers that start at once and share a cache and classifiers; one of them is impossible."""
    held = [f"{part}.seed=0" for part in ("data", "classifier.training", "judge.training")]
    folder = tmp_path_factory.mktemp("sweep")
    return folder, sweep_moons(folder, "seed=0,1,-1", *held, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")


@pytest.mark.slow
def test_a_failed_job_does_not_stop_the_others_and_is_named_at_the_end(swept):
    folder, done = swept
    assert done.returncode == 1
    for seed in (0, 1):
        assert RunFolder(folder / "sweep" / f"seed={seed}").results.exists()
    failed = RunFolder(folder / "sweep" / "seed=-1")
    message = "model.training.seed=-1: allowed: an integer of at least 0"
    assert json.loads(failed.error.read_text())["message"] == message
    end = " ".join(done.stdout.split())
    assert message in end[end.index("seed=-1") :]


@pytest.mark.slow
def test_jobs_that_start_at_once_train_a_shared_classifier_once(swept):
    folder, _ = swept
    assert len(list((folder / "cache" / "classifiers").glob("*.pt"))) == 4
    digests = {
        json.loads(RunFolder(folder / "sweep" / f"seed={seed}").results.read_text())["classifier"]["sha256"]
        for seed in (0, 1)
    }
    assert len(digests) == 1
    logs = [(folder / "sweep" / f"seed={seed}" / "train.log").read_text() for seed in (0, 1)]
    assert sum(log.count("training a classifier") for log in logs) == 4


@pytest.mark.slow
def test_the_sweep_is_compared_at_its_end(swept):
    folder, _ = swept
    assert "seed=-1" in (folder / "sweep" / "comparison" / "comparison.md").read_text()


@pytest.mark.slow
def test_every_job_knows_its_sweep_and_its_choices(swept):
    folder, _ = swept
    settings = RunFolder(folder / "sweep" / "seed=1").read_settings()
    assert settings["group"] == "sweep"
    assert settings["choices"]["condition"] == "softmax"
    assert "seed=1" in settings["overrides"]
    assert settings["model"]["training"]["seed"] == 1


@pytest.mark.slow
def test_the_same_sweep_again_runs_only_what_is_missing(swept):
    folder, _ = swept
    complete = RunFolder(folder / "sweep" / "seed=0").results
    before = complete.stat().st_mtime_ns
    done = sweep_moons(folder, "seed=0,1,2")
    assert done.returncode == 0, done.stderr
    assert complete.stat().st_mtime_ns == before
    assert RunFolder(folder / "sweep" / "seed=2").results.exists()


def test_a_sweep_of_a_command_that_has_none_is_refused(tmp_path):
    command = [sys.executable, "-m", "uqgen.evaluate", "-m", "run=a,b"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stderr == "uqgen: --multirun=: allowed: with python -m uqgen.train alone\n"
