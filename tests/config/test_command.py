import errno
import os
import subprocess
import sys

import pytest
from hydra.core.hydra_config import HydraConfig

from uqgen.config import run_command


def test_the_command_refuses_in_one_line_before_any_work(tmp_path):
    """As a process of its own; tests/test_commands.py has more that is refused."""
    command = [sys.executable, "-m", "uqgen.train", "experiment=mnst", f"cache={tmp_path / 'cache'}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stderr.startswith("uqgen: experiment=mnst: allowed: digits, fashion_mnist, mnist, mnist_corrupt, moons")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def refusal(monkeypatch, capsys):
    """A function of a command line to the line that refuses it, in this process; the task is not to begin."""
    monkeypatch.setattr(HydraConfig.instance(), "cfg", None)
    monkeypatch.setitem(os.environ, "HYDRA_FULL_ERROR", "1")

    def refused(*arguments, task=pytest.fail):
        monkeypatch.setattr(sys, "argv", ["train", *arguments])
        with pytest.raises(SystemExit) as left:
            run_command("train", task)
        assert left.value.code == 2
        return capsys.readouterr().err

    return refused


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"name: [a\nb: c: d", "uqgen: while parsing a flow sequence in "),
        (b"name: a\nname: b", "uqgen: while constructing a mapping in "),
        (b"name: \xff", "uqgen: 'utf-8' codec can't decode byte 0xff"),
        (b"- a\n- b", "uqgen: In 'experiment/mine': "),
        (b"nmae: a", "uqgen: nmae=a: allowed: name\n"),
        (b"defaults:\n- override /score: [msp, entropy]", "uqgen: score=[msp, entropy]: allowed: one choice, also "),
        (b"defaults:\n- override /data/corruption: [gaussian, imagenet_c]", "uqgen: data/corruption=[gaussian, imagen"),
        (b"defaults:\n- override data: folder", "uqgen: experiment/data@data=: allowed: a slash before a group"),
    ],
)
def test_a_file_of_ones_own_that_is_no_settings_is_refused_in_one_line(content, line, refusal, tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_bytes(b"# @package _global_\n" + content)
    said = refusal(f"--config-dir={tmp_path}", "experiment=mine")
    assert said.startswith(line)
    assert said.count("\n") == 1


def test_what_cannot_be_written_is_named_in_one_line(refusal):
    def task(cfg):
        raise OSError(errno.ENOSPC, "No space left on device", "a\nb.pt")

    said = refusal(task=task)
    assert (
        said == "uqgen: a\\nb.pt: cannot be read or written (No space left on device); what was there before is whole\n"
    )
