"""What a trained run is used for, on another device than the data's: see `other_device`."""

import shutil

import pytest
import torch
from other_device import OtherDevice

from uqgen import evaluate, explain, look
from uqgen.config import compose
from uqgen.hardware import Hardware
from uqgen.run import load_run
from uqgen.run_folder import RunFolder

FEW = [
    *(f"explanation.{name}" for name in ("n_scores=3", "n_noises=5", "n_resamples=20", "n_candidates=12", "n_shown=3")),
    *("explanation.n_examined=10", "explanation.n_galleries=1"),
]
FEW_STEPS = ["editing.n_inversion_steps=2", "editing.n_pixel_steps=3", "editing.n_editing_steps=2"]


@pytest.fixture(params=["tiny_run", "tiny_flow_run"])
def folder(request, tmp_path):
    return shutil.copytree(request.getfixturevalue(request.param), tmp_path / "run")


@pytest.fixture(params=["cuda", "mps"])
def device(request, monkeypatch):
    device = OtherDevice(request.param, monkeypatch)
    monkeypatch.setattr(Hardware, "device", lambda self: device.device)
    with device:
        yield device


def test_a_run_is_explained(folder, device):
    explain.main(compose([f"run={folder}", f"export={folder / 'slices'}", *FEW], "explain"))


def test_given_images_are_edited_and_led_to_one_another(folder, device):
    explain.main(compose([f"run={folder}", "edits=3", *FEW_STEPS], "explain"))
    explain.main(compose([f"run={folder}", "between=[1,2]", "editing.n_between=3", *FEW_STEPS], "explain"))
    explain.main(compose([f"run={folder}", "image=1", *FEW_STEPS], "explain"))


def test_a_run_is_evaluated_and_looked_at(folder, device):
    evaluate.evaluate_run(compose([f"run={folder}", "evaluation.n_images=50"], "evaluate"))
    look.main(compose([f"run={folder}", "n=20"], "look"))


def test_a_run_generates(folder, device):
    run = load_run(RunFolder(folder))
    assert run.model.device == device.device
    assert run.generate(3, 0.6, 4).x.device == torch.device("cpu")
    run.edit(3, 0.5, n=2)
    run.interpolate(3, 4, n=3)
