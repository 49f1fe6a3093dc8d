"""The private SLURM does what the tests of sweeps take for granted."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from waiting import wait_for

submitit = pytest.importorskip("submitit")
cloudpickle = pytest.importorskip("cloudpickle")

pytestmark = pytest.mark.cluster

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # a job cannot import a test module


def hold_a_gpu(folder: Path) -> str:
    """Takes part until it is released; returns its GPU."""
    (folder / os.environ["SLURM_JOB_ID"]).touch()
    while not (folder / "release").exists():
        time.sleep(0.1)
    return os.environ["CUDA_VISIBLE_DEVICES"]


class Interrupted:
    """Runs until it is interrupted, and once requeued returns how often it was."""

    def __call__(self, begun: Path) -> int:
        restarts = int(os.environ.get("SLURM_RESTART_COUNT", 0))
        begun.touch()
        while not restarts:
            time.sleep(0.1)
        return restarts

    def checkpoint(self, begun: Path) -> "submitit.helpers.DelayedSubmission":
        return submitit.helpers.DelayedSubmission(self, begun)


@pytest.fixture
def executor(slurm, tmp_path, monkeypatch) -> "submitit.AutoExecutor":
    """Submits jobs of one GPU each."""
    for name in ("SLURM_CONF", "PATH"):
        monkeypatch.setenv(name, slurm[name])
    executor = submitit.AutoExecutor(tmp_path / "submitit", cluster="slurm")
    # In its last ten minutes submitit takes the signal for the end of a job's time, not for a pre-emption.
    executor.update_parameters(timeout_min=30, cpus_per_task=1, slurm_gres="gpu:1")
    return executor


def state(job: "submitit.Job") -> str:
    command = ["squeue", "--noheader", "--format=%T %r", "--jobs", job.job_id]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_each_job_has_a_gpu_of_its_own_and_a_third_waits_for_one(executor, tmp_path):
    first, second, third = jobs = [executor.submit(hold_a_gpu, tmp_path) for _ in range(3)]
    for job in (first, second):
        wait_for((tmp_path / job.job_id).exists, f"job {job.job_id}")
    wait_for(lambda: state(third) == "PENDING Resources", "the third job to be considered")
    assert not (tmp_path / third.job_id).exists()
    (tmp_path / "release").touch()
    gpus = [job.result() for job in jobs]
    assert {gpus[0], gpus[1]} == {"0", "1"}
    assert gpus[2] in gpus[:2]


def test_a_job_sent_submitits_signal_is_requeued_and_finishes(executor, tmp_path):
    job = executor.submit(Interrupted(), tmp_path / "begun")
    wait_for((tmp_path / "begun").exists, "the job")
    subprocess.run(["scancel", "--signal=USR2", job.job_id], check=True)
    assert job.result() == 1
    assert "this job is preempted" in job.stderr()


def test_a_job_of_high_priority_takes_the_gpus_of_one_of_low_priority(executor, tmp_path):
    executor.update_parameters(slurm_gres="gpu:2")
    low = executor.submit(Interrupted(), tmp_path / "begun")
    wait_for((tmp_path / "begun").exists, "the job")
    executor.update_parameters(slurm_partition="high")
    (tmp_path / "release").touch()
    high = executor.submit(hold_a_gpu, tmp_path)
    assert high.result() == "0,1"
    assert low.result() == 1
    assert "this job is preempted" in low.stderr()
