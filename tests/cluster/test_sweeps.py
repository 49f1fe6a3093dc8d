"""The same sweep under a real SLURM and through Ray: a job that fails, one that is pre-empted, a GPU for each."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from waiting import wait_for

pytestmark = pytest.mark.cluster

REFUSED, PREEMPTED = "seed=-1", "seed=0"
# SLURM starts them in this order. scancel signals a job of an array again and again while others have not begun yet.
SEEDS = "seed=-1,1,2,0"
COMPLETE = ("seed=0", "seed=1", "seed=2")
N_IMAGES, CHECKPOINT_EVERY = 1280, 320  # long enough to be pre-empted after the first checkpoint

SLURM = [
    "hydra/launcher=submitit_slurm",
    "hydra.launcher.gpus_per_node=1",
    "hydra.launcher.cpus_per_task=1",
    "hydra.launcher.timeout_min=30",  # in its last ten minutes submitit takes a pre-emption for the end of the time
]
RAY = [
    "hydra/launcher=ray",
    "+hydra.launcher.ray.init.include_dashboard=false",
    "+hydra.launcher.ray.init.num_cpus=2",
    "+hydra.launcher.ray.init.num_gpus=2",
    "+hydra.launcher.ray.remote.num_gpus=1",
]


@dataclass(frozen=True)
class Swept:
    """A sweep that has ended: its folder, its exit status and all it said, in one line."""

    folder: Path
    status: int
    said: str

    def results(self, job: str) -> dict:
        return read_results(self.folder / job)

    def log(self, job: str) -> str:
        return (self.folder / job / "train.log").read_text()


class Started:
    """A sweep that runs."""

    def __init__(self, folder: Path, arguments: list[str], environment: dict[str, str]) -> None:
        self.folder, self.output = folder / "sweep", folder / "output.txt"
        command = [sys.executable, "-m", "uqgen.train", "-m", *arguments, f"hydra.sweep.dir={self.folder}", SEEDS]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)

    def has(self, path: str) -> bool:
        """Whether a job has left a file already; fails once the sweep has ended."""
        assert self.process.poll() is None, self.output.read_text()
        return (self.folder / path).exists()

    def finish(self) -> Swept:
        status = self.process.wait(timeout=600)
        return Swept(self.folder, status, " ".join(self.output.read_text().split()))


def read_results(run: Path) -> dict:
    results = json.loads((run / "results.json").read_text())
    del results["seconds"]
    return results


def ask(environment: dict[str, str], command: str) -> str:
    """What one of SLURM's commands prints."""
    return subprocess.run(
        command.split(), env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=30
    ).stdout


def preempt(started: Started, environment: dict[str, str]) -> str:
    """Sends submitit's signal to the job that is pre-empted, once it has a checkpoint; returns its number."""
    wait_for(lambda: started.has(f"{PREEMPTED}/training/last.ckpt"), "a checkpoint", seconds=300)
    place = SEEDS.removeprefix("seed=").split(",").index(PREEMPTED.removeprefix("seed="))
    jobs = [line.split(";") for line in ask(environment, "squeue --noheader --array --format=%A;%K").split()]
    (job,) = [job for job, task in jobs if task == str(place)]
    ask(environment, f"scancel --signal=USR2 {job}")
    return job


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    quiet = {"RAY_USAGE_STATS_ENABLED": "0", "WANDB_MODE": "offline"}
    return os.environ | {"OMP_NUM_THREADS": "1"} | quiet


@pytest.fixture(scope="module")
def arguments(mnist_folder, tmp_path_factory) -> list[str]:
    """What all runs have in common."""
    where = [f"data.folder={mnist_folder.absolute()}", f"cache={tmp_path_factory.mktemp('cache')}"]
    length = [f"model.training.n_images={N_IMAGES}", f"intervals.checkpoint_every={CHECKPOINT_EVERY}"]
    return ["experiment=mnist_corrupt", "debug=seconds", "trainer=cpu", *where, *length]


@pytest.fixture(scope="module")
def under_slurm(slurm, arguments, environment, tmp_path_factory) -> Swept:
    """The sweep under SLURM, where one job is pre-empted while its GAN trains."""
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    environment = environment | {name: slurm[name] for name in ("SLURM_CONF", "PATH")}
    started = Started(tmp_path_factory.mktemp("slurm-sweep"), [*arguments, *SLURM], environment)
    try:
        job = preempt(started, environment)
        swept = started.finish()
    finally:
        started.process.kill()
    assert "Restarts=1 " in ask(environment, f"scontrol show job {job}")
    return swept


@pytest.fixture(scope="module")
def through_ray(arguments, environment, tmp_path_factory) -> Swept:
    pytest.importorskip("hydra_plugins.hydra_ray_launcher")
    started = Started(tmp_path_factory.mktemp("ray-sweep"), [*arguments, *RAY], environment)
    try:
        return started.finish()
    finally:
        started.process.kill()


@pytest.fixture(scope="module", params=["under_slurm", "through_ray"])
def swept(request) -> Swept:
    return request.getfixturevalue(request.param)


def test_one_job_fails_and_the_command_says_which_and_why(swept):
    assert swept.status == 1
    error = json.loads((swept.folder / REFUSED / "error.json").read_text())
    assert error.keys() == {"message", "traceback"}
    assert error["message"] == "model.training.seed=-1: allowed: an integer of at least 0"
    assert "SettingError" in error["traceback"]
    assert f"{REFUSED}: {error['message']}" in swept.said[-1000:]


def test_the_other_jobs_are_complete(swept):
    for job in COMPLETE:
        assert (swept.folder / job / "report.html").exists(), job
        assert not (swept.folder / job / "error.json").exists(), job
    assert {path.parent.name for path in swept.folder.glob("*/results.json")} == set(COMPLETE)
    assert "3 of 4 jobs are complete" in swept.said


def test_each_job_says_which_gpu_it_was_given(swept):
    gpus = [set(re.findall(r"CUDA_VISIBLE_DEVICES=(\S+)", swept.log(job))) for job in COMPLETE]
    assert all(gpus)
    assert set.union(*gpus) == {"0", "1"}


def images_reported(log: str) -> list[int]:
    return [int(number.replace(",", "")) for number in re.findall(r"GAN: ([\d,]+) of", log)]


def test_a_preempted_job_goes_on_from_its_checkpoint(under_slurm):
    before, after = re.split(r"GAN \.\.\.\n", under_slurm.log(PREEMPTED))[1:]
    assert images_reported(before)[0] == N_IMAGES // 10
    assert images_reported(before)[-1] < N_IMAGES
    assert images_reported(after)[0] > CHECKPOINT_EVERY
    assert images_reported(after)[-1] == N_IMAGES


def test_a_preempted_job_ends_as_if_nothing_had_happened(under_slurm, arguments, environment, tmp_path):
    command = [sys.executable, "-m", "uqgen.train", *arguments, PREEMPTED, f"run={tmp_path / 'undisturbed'}"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert under_slurm.results(PREEMPTED) == read_results(tmp_path / "undisturbed")


def test_slurm_and_ray_come_to_the_same_results(under_slurm, through_ray):
    for job in COMPLETE:
        assert under_slurm.results(job) == through_ray.results(job), job
