"""What a trained run is used for, on another device than the data's, and that device itself: see `other_device`."""

import shutil

import pytest
import torch
from other_device import OtherDevice
from torch import nn

from uqgen import evaluate, explain, hardware, look, seeding
from uqgen.config import compose
from uqgen.explorer.answers import between_seeds
from uqgen.run_folder import RunFolder
from uqgen.run_loading import load_run

FEW = [
    *(f"explanation.{name}" for name in ("n_scores=3", "n_noises=5", "n_resamples=20", "n_candidates=12", "n_shown=3")),
    *("explanation.n_examined=10", "explanation.n_galleries=1"),
]
FEW_STEPS = [f"editing.{name}" for name in ("n_inversion_steps=2", "n_baseline_steps=3", "n_editing_steps=2")]


@pytest.mark.parametrize(
    "mistake",
    [
        lambda here, there: here + there,
        lambda here, there: here[there.long()],
        lambda here, there: here.__setitem__(torch.tensor([0]), there[:1]),
        lambda here, there: torch.cat([here, there]),
        lambda here, there: there.numpy(),
        lambda here, there: here.sum().add_(there.sum()),
        lambda here, there: nn.Linear(3, 1).to("mps")(here),
        lambda here, there: torch.rand(3, generator=seeding.generator(0, device="mps")),
        lambda here, there: there.double(),
    ],
)
def test_what_a_gpu_refuses_is_refused(mistake, monkeypatch):
    with OtherDevice("mps", monkeypatch):
        here, there = torch.ones(3), torch.arange(3.0, device="mps")
        with pytest.raises((RuntimeError, TypeError), match=r"mps|float64|on cpu"):
            mistake(here, there)


def test_what_a_gpu_allows_is_allowed(monkeypatch):
    with OtherDevice("cuda", monkeypatch) as device:
        here, there = torch.ones(3), torch.arange(3.0).to("cuda")
        network = nn.Linear(3, 1)
        weight, rng = network.weight, seeding.generator(0, device="cuda")
        network.to("cuda")(there).sum().backward()
        drawn = torch.rand(3, generator=rng, device="cuda")
        made = there * torch.tensor(2.0), there[torch.tensor([0, 2])], there.double(), here.to(there), *there
        assert {each.device for each in (drawn, weight, weight.grad, *made)} == {device.device}
        here[:] = there
        assert here.device == there.cpu().device == here[there.argmax()].device == torch.device("cpu")
        assert here.tolist() == there.tolist() == [0, 1, 2]


@pytest.fixture(params=[("tiny_run", "cuda"), ("tiny_flow_run", "mps")], ids=" on ".join)
def folder(request, tmp_path, monkeypatch):
    """A run's folder, within whose test the experiment's device is another than the CPU."""
    run, name = request.param
    folder = shutil.copytree(request.getfixturevalue(run), tmp_path / "run")
    with OtherDevice(name, monkeypatch) as device:
        monkeypatch.setattr(hardware.Hardware, "device", lambda self: device.device)
        monkeypatch.setattr(hardware, "computes_in_bf16", lambda device_type: False)
        yield folder


@pytest.mark.slow
def test_a_run_is_explained(folder):
    explain.main(compose([f"run={folder}", f"export={folder / 'slices'}", *FEW], "explain"))


@pytest.mark.slow
def test_given_images_are_edited_and_led_to_one_another(folder):
    explain.main(compose([f"run={folder}", "edits=3", *FEW_STEPS], "explain"))
    explain.main(compose([f"run={folder}", "between=[1,2]", "editing.n_between=3", *FEW_STEPS], "explain"))
    explain.main(compose([f"run={folder}", "image=1", *FEW_STEPS], "explain"))


@pytest.mark.slow
def test_a_run_is_evaluated_and_looked_at(folder):
    evaluate.evaluate_run(compose([f"run={folder}", "evaluation.n_images=50"], "evaluate"))
    look.main(compose([f"run={folder}", "n=20"], "look"))


@pytest.mark.slow
def test_a_run_makes_images(folder):
    run = load_run(RunFolder(folder))
    assert run.model.device.type in ("cuda", "mps")
    assert run.generate(3, 0.6, 4).x.device == torch.device("cpu")
    assert run.edit(3, 0.5, n=2).x.device == torch.device("cpu")
    run.interpolate(3, 4, n=3)
    between_seeds(run, 3, 0.6, (0, 1), 3)
