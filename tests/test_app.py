"""The explorer's command as its users run it, without a browser."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from uqgen.app import ADDRESS, explorer
from uqgen.config import compose
from uqgen.settings import ExplainedError, SettingError


def run(*arguments, cwd, **environment):
    command = [sys.executable, "-m", "uqgen.app", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, **environment)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run=nowhere"], "uqgen: run=nowhere: allowed: the folder of a run"),
        (["run=nowhere", "port=0"], "uqgen: port=0: allowed: an integer of at least 1"),
        (["run=nowhere", "port=65536"], "uqgen: port=65536: allowed: 1 to 65535"),
        ([], "uqgen: Missing mandatory value: run"),
        (["run=nowhere", "share=true"], "uqgen: share=true: allowed: run, port"),
    ],
)
def test_the_command_line_refuses_in_one_line(tmp_path, arguments, message):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(message)
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_without_gradio_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, "uqgen.explorer.page", raising=False)
    data, folder = SimpleNamespace(is_image=True), SimpleNamespace(path="runs/demo")
    images = SimpleNamespace(experiment=SimpleNamespace(data=data), folder=folder)
    with pytest.raises(ExplainedError, match=r'^the explorer needs pip install "uqgen\[app\]"$'):
        explorer(images)


def test_points_are_refused(tmp_path):
    data, folder = SimpleNamespace(is_image=False), SimpleNamespace(path=tmp_path)
    points = SimpleNamespace(experiment=SimpleNamespace(data=data), folder=folder)
    with pytest.raises(SettingError, match=r"^run=.*: allowed: a run of images"):
        explorer(points)


def test_the_page_is_of_this_machine_alone():
    assert ADDRESS == "127.0.0.1"
    assert set(compose(["run=x"], "app")) == {"run", "port"}


def test_help_says_how_without_waiting_for_torch(tmp_path):
    assert "python -m uqgen.app run=" in run("--help", cwd=tmp_path).stdout
    loaded = "import sys, uqgen.app; sys.exit(any(n in sys.modules for n in ('torch', 'gradio', 'matplotlib')))"
    assert subprocess.run([sys.executable, "-c", loaded], timeout=120).returncode == 0
