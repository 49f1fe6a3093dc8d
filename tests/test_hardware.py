import pytest
import torch

from uqgen import hardware
from uqgen.hardware import Hardware, computes_in_bf16
from uqgen.settings import SettingError

WITHOUT_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


@pytest.mark.parametrize(("computes", "precision"), [(True, "bf16-mixed"), (False, "32-true")])
def test_auto_precision_is_bf16_where_it_saves_time(monkeypatch, computes, precision):
    requested = []
    monkeypatch.setattr(hardware, "computes_in_bf16", lambda device_type: (requested.append(device_type), computes)[1])
    assert Hardware(accelerator="cpu").model_precision() == precision
    assert requested == ["cpu"]


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "16-mixed"])
def test_a_precision_that_is_requested_is_taken(precision):
    assert Hardware(accelerator="cpu", precision=precision).model_precision() == precision


@pytest.mark.parametrize(("capability", "computes"), [((7, 5), False), ((8, 0), True), ((9, 0), True)])
def test_gpus_compute_in_bf16_from_ampere_on(monkeypatch, capability, computes):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    assert computes_in_bf16("cuda") is computes


@pytest.mark.parametrize(("avx512", "amx"), [(False, False), (True, False), (False, True), (True, True)])
def test_cpus_compute_in_bf16_with_either_instruction_set(monkeypatch, avx512, amx):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    assert computes_in_bf16("cpu") is (avx512 or amx)


def test_other_devices_are_not_trusted_with_bf16():
    assert computes_in_bf16("mps") is False


def test_the_first_device():
    assert Hardware(accelerator="cpu").device() == torch.device("cpu")
    assert Hardware(accelerator="cpu", devices=4, num_nodes=2).device() == torch.device("cpu")
    assert Hardware().device().type == ("cuda" if torch.cuda.is_available() else Hardware().device().type)


def test_a_trainer_has_what_is_requested_and_leaves_nothing_behind(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    trainer = Hardware(accelerator="cpu").trainer(max_epochs=3)
    assert (trainer.max_epochs, trainer.num_devices, trainer.num_nodes) == (3, 1, 1)
    assert trainer.loggers == []
    assert trainer.checkpoint_callbacks == []
    assert trainer.progress_bar_callback is None
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""


def test_settings_of_a_trainer_go_before_the_defaults():
    trainer = Hardware(accelerator="cpu", devices=2).trainer(devices=1, enable_progress_bar=True, max_epochs=1)
    assert trainer.num_devices == 1
    assert trainer.progress_bar_callback is not None


@pytest.mark.parametrize(
    "setting",
    [
        {"accelerator": "tpu"},
        {"accelerator": None},
        {"precision": "64-true"},
        {"precision": 32},
        {"devices": 0},
        {"devices": "auto"},
        {"devices": -1},
        {"num_nodes": 0},
    ],
)
def test_settings_out_of_range_are_refused(setting):
    (name,) = setting
    with pytest.raises(SettingError, match=f"^{name}="):
        Hardware(**setting)


@WITHOUT_GPU
def test_a_gpu_that_is_not_there_is_refused_in_one_line():
    with pytest.raises(SettingError, match=r"^accelerator=gpu: allowed: what this machine has") as caught:
        Hardware(accelerator="gpu")
    assert "\n" not in str(caught.value)
