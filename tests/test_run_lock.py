import os
import signal
import socket
import subprocess
import sys

import pytest

from uqgen.config import compose
from uqgen.evaluate import evaluate_run
from uqgen.run_folder import RunFolder
from uqgen.run_lock import HeldError, hold, holding_process, refuse_held
from uqgen.train import train

HOLD = "import sys, time; from pathlib import Path; from uqgen.run_lock import hold\n"
HOLD += "with hold(Path(sys.argv[1])): print(flush=True); time.sleep(100)"
MOONS = ["experiment=moons", "debug=seconds", "trainer=cpu", "logger=csv"]


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the run `held`."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "held"], stdout=subprocess.PIPE)
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()


def test_a_run_that_another_process_holds_is_refused_in_a_line_that_says_which(tmp_path, holder):
    who = f"process {holder.pid} on {socket.gethostname()}"
    for refused in (hold(tmp_path / "held").__enter__, lambda: refuse_held(tmp_path / "held")):
        with pytest.raises(HeldError, match=rf"^run={tmp_path}/held: allowed: .*{who} .*run=$"):
            refused()
    assert holding_process(tmp_path / "held") == holder.pid


def test_a_killed_process_frees_its_run(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert holding_process(tmp_path / "held") is None
    with hold(tmp_path / "held"):
        pass


def test_a_run_is_free_after_the_block_and_a_run_that_is_not_there_is_free_and_stays_away(tmp_path):
    for _ in range(2):
        with hold(tmp_path / "run"):
            pass
    refuse_held(tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.slow
def test_no_command_writes_to_a_run_that_is_held(tmp_path, holder):
    held = tmp_path / "held"
    before = {path.name for path in held.iterdir()}
    with pytest.raises(HeldError):
        train(compose([*MOONS, f"run={held}", f"cache={tmp_path / 'cache'}"]))
    RunFolder(held).write(RunFolder(held).settings, {"evaluation": {}})
    with pytest.raises(HeldError):
        evaluate_run(compose([f"run={held}"], "evaluate"))
    for command in ("explain", "look"):
        line = [sys.executable, "-m", f"uqgen.{command}", f"run={held}"]
        done = subprocess.run(line, capture_output=True, text=True, timeout=100)
        assert done.returncode == 2
        assert done.stderr.startswith(f"uqgen: run={held}: allowed: a run that no other process writes to")
    assert {path.name for path in held.iterdir()} == before | {"config.json"}


def test_a_folder_with_other_files_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "letter.txt").touch()
    with pytest.raises(ValueError, match="a new or an empty folder"):
        RunFolder(tmp_path).held()
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.slow
def test_a_job_of_a_sweep_leaves_no_word_in_a_run_that_another_process_holds(tmp_path, holder):
    line = [sys.executable, "-m", "uqgen.train", "-m", *MOONS, f"cache={tmp_path / 'cache'}", "seed=0"]
    named = [f"hydra.sweep.dir={tmp_path}", "hydra.sweep.subdir=held"]
    done = subprocess.run([*line, *named], capture_output=True, text=True, timeout=100, cwd=tmp_path)
    assert done.returncode == 1
    assert "held was left alone" in done.stdout + done.stderr
    assert not RunFolder(tmp_path / "held").error.exists()


@pytest.mark.slow
def test_trainings_that_start_in_the_same_second_get_a_folder_each(tmp_path):
    line = [sys.executable, "-m", "uqgen.train", *MOONS, f"cache={tmp_path / 'cache'}", "evaluation.n_judges=1"]
    both = [subprocess.Popen([*line, f"seed={seed}"], cwd=tmp_path) for seed in (0, 1)]
    assert [process.wait(300) for process in both] == [0, 0]
    assert len(list((tmp_path / "runs" / "moons").iterdir())) == 2
