"""Signals, as a terminal and schedulers send them."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from uqgen.run_folder import RunFolder
from uqgen.run_lock import holding_process
from uqgen.stopping import SAME
from uqgen.tensor_files import load_tensors

STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
PROGRAM = """
import sys, time
from uqgen.stopping import stoppable
with stoppable():
    try:
        print(flush=True)
        time.sleep(float(sys.argv[1]))
    finally:
        print("closing", flush=True)
        time.sleep(float(sys.argv[2]))
        print("closed", flush=True)
"""
MOONS = ["experiment=moons", "debug=seconds", "trainer=cpu", "evaluation.n_judges=1"]
LONG = "model.training.n_images=9000000"
WANDB = Path(sys.executable).with_name("wandb")


def program(awake: float, closing: float, before: str = "") -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", before + PROGRAM, str(awake), str(closing)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    process.stdout.readline()
    return process


@pytest.mark.parametrize("signum", STATUS)
def test_a_signal_closes_what_is_open_and_is_the_exit_status(signum):
    if signal.getsignal(signum) == signal.SIG_IGN:
        pytest.skip("ignored, as nohup has it, and programs inherit that")
    process = program(100, 1)
    process.send_signal(signum)
    assert process.stdout.readline() == "closing\n"
    process.send_signal(signum)  # a terminal and torchrun may both send it
    out, error = process.communicate(timeout=20)
    assert (process.returncode, out, error) == (STATUS[signum], "closed\n", "")


def test_a_signal_that_comes_again_later_ends_what_does_not_close():
    process = program(100, 100)
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "closing\n"  # on a busy machine that takes its time, and 3 s count from it
    time.sleep(SAME + 0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 143


def test_a_signal_that_is_ignored_stays_so():
    process = program(1, 0, "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)")
    process.send_signal(signal.SIGHUP)
    assert process.wait(20) == 0


READER = """
import time
import numpy as np
from uqgen.data import images
from uqgen.stopping import stoppable

class Slow:
    def __len__(self):
        return 4000
    def __getitem__(self, position):
        if position == 70:
            print(flush=True)
        time.sleep(0.02)
        return np.zeros((8, 8), np.uint8), 0

images.MANY = 1
with stoppable():
    images.read_images(Slow(), np.arange(4000), 8, 1, "train")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process reads")
@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_all_ends_the_processes_that_read_images_without_a_word(signum):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    default = lambda: signal.signal(signum, signal.SIG_DFL)  # noqa: E731
    process = subprocess.Popen([sys.executable, "-c", READER], preexec_fn=default, **options)
    while process.stdout.readline().strip():  # the progress
        pass
    os.killpg(process.pid, signum)
    _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (STATUS[signum], "")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def begin(folder: Path, *requested: str, until: str) -> subprocess.Popen:
    """Starts a training in a session of its own, and waits until it says this; what it says is in `said.txt`."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    options = {"stderr": subprocess.STDOUT, "cwd": folder, "env": environment, "start_new_session": True}
    default = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)  # noqa: E731
    with (folder / "said.txt").open("w") as said:
        line = [sys.executable, "-m", "uqgen.train", *requested, "cache=cache"]
        process = subprocess.Popen(line, stdout=said, preexec_fn=default, **options)
    end = time.monotonic() + 200
    while until not in (folder / "said.txt").read_text():
        assert process.poll() is None, (folder / "said.txt").read_text()
        assert time.monotonic() < end, (folder / "said.txt").read_text()
        time.sleep(0.1)
    return process


def said_at_the_end(folder: Path) -> str:
    return (folder / "said.txt").read_text().strip().splitlines()[-1]


def left_over(folder: Path) -> list[str]:
    """Programs that still run in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == folder:
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has just ended, or is another user's
            continue
    return found


STAGES = [
    (signal.SIGINT, "training a classifier", ["classifier.training.epochs=90000"]),
    (signal.SIGTERM, "generative model ...", [LONG]),
    (signal.SIGHUP, "evaluation ...", ["evaluation.n_resamples=2000000"]),
]


@pytest.mark.slow
@pytest.mark.parametrize(("signum", "stage", "requested"), STAGES, ids=[stage for _, stage, _ in STAGES])
def test_a_training_that_is_stopped_says_how_to_go_on_and_its_logger_ends_as_failed(tmp_path, signum, stage, requested):
    line = [*MOONS, "logger=wandb", "name=my run", *requested]
    process = begin(tmp_path, *line, until=stage)
    time.sleep(1)
    process.send_signal(signum)
    assert process.wait(60) == STATUS[signum]
    (run,) = map(RunFolder, (tmp_path / "runs" / "my run").iterdir())
    again = shlex.join(["python", "-m", "uqgen.train", *line, "cache=cache", f"run={run.path.relative_to(tmp_path)}"])
    assert said_at_the_end(tmp_path) == f"uqgen: stopped by {signum.name}; to go on: {again}"
    assert "Traceback" not in (tmp_path / "said.txt").read_text()
    assert holding_process(run.path) is None
    assert not run.error.exists()
    assert not left_over(tmp_path)
    (file,) = run.path.glob("wandb/offline-run-*/*.wandb")
    command = [WANDB, "leet", "inspect", "--summary", "--json", file]
    summary = json.loads(subprocess.run(command, capture_output=True, timeout=60, check=True).stdout)
    assert summary["exit_code"] == 1


@pytest.mark.slow
def test_a_stopped_training_goes_on_from_its_checkpoint(tmp_path):
    requested = [*MOONS, "logger=csv", "run=run", "intervals.checkpoint_every=256", "model.training.n_images=50000"]
    process = begin(tmp_path, *requested, until="generative model ...")
    run, end = RunFolder(tmp_path / "run"), time.monotonic() + 60
    while not run.checkpoint.exists() and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 143
    assert 0 < load_tensors(run.checkpoint)["n_images"] < 50_000
    assert begin(tmp_path, *requested, until="report: ").wait(60) == 0


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_sweep_that_is_ended_ends_its_jobs(tmp_path, signum):
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    sweep = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "seed=0,1,2", "hydra.sweep.dir=sweep"]
    process = begin(tmp_path, "-m", *MOONS, "logger=wandb", LONG, *sweep, until="generative model ...")
    end = time.monotonic() + 60
    while not list(tmp_path.glob("sweep/seed=*/training")) and time.monotonic() < end:  # some time after these words
        time.sleep(0.1)
    process.send_signal(signum)
    assert process.wait(60) == STATUS.get(signum, -signum)
    end = time.monotonic() + 60
    while left_over(tmp_path) and time.monotonic() < end:
        time.sleep(0.5)
    assert not left_over(tmp_path)
    begun = [RunFolder(path) for path in (tmp_path / "sweep").glob("seed=*") if (path / "training").exists()]
    assert begun
    for run in begun:
        assert not run.error.exists()
        (file,) = run.path.glob("wandb/offline-run-*/*.wandb")
        command = [WANDB, "leet", "inspect", "--summary", "--json", file]
        summary = json.loads(subprocess.run(command, capture_output=True, timeout=60, check=True).stdout)
        assert summary["exit_code"] == 1
    if signum in STATUS:
        again = shlex.join(["-m", *MOONS, "logger=wandb", LONG, *sweep, "cache=cache"])
        assert said_at_the_end(tmp_path).endswith(f"; to go on: python -m uqgen.train {again}")


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_run_of_several_processes_is_stopped_as_one(tmp_path, signum):
    devices = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2"]
    moons = [part for part in MOONS if not part.startswith("trainer")]
    process = begin(tmp_path, *moons, *devices, "logger=csv", LONG, "run=run", until="generative model ...")
    time.sleep(5)
    process.send_signal(signum)
    assert process.wait(60) == STATUS[signum]
    assert said_at_the_end(tmp_path).startswith(f"uqgen: stopped by {signum.name}; to go on: python -m uqgen.train ")
    assert (tmp_path / "said.txt").read_text().count("to go on") == 1
    assert holding_process(tmp_path / "run") is None
    assert not left_over(tmp_path)
