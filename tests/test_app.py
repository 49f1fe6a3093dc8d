"""The explorer's command as its users run it, without a browser."""

import sys
from types import SimpleNamespace

import pytest

from uqgen.app import ADDRESS, explorer
from uqgen.config import compose
from uqgen.settings import ExplainedError, SettingError


def test_without_gradio_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, "uqgen.explorer.gradio_page", raising=False)
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
    assert set(compose(["run=x"], "app")) == {"run", "port", "allow_changed", "trust_code"}
