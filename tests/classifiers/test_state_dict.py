"""Weights as trainers of all kinds save them."""

import pytest
import torch
from torch import nn

from uqgen.classifiers.recipe import load_weights
from uqgen.classifiers.state_dict import unwrapped
from uqgen.settings import SettingError

NETWORK = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
STATE = NETWORK.state_dict()
OTHERS = {name: value + 1 for name, value in STATE.items()}


def under(prefix, state=None):
    return {f"{prefix}{name}": value for name, value in (state or STATE).items()}


WRAPPED = {
    "as it is": STATE,
    "Lightning": {"state_dict": under("model.") | {"criterion.weight": torch.ones(3)}, "epoch": 3, "callbacks": {}},
    "DataParallel": under("module."),
    "torch.compile": under("_orig_mod."),
    "all of them": {"state_dict": under("model.module._orig_mod.")},
    "torch.compile within": {name.replace("0.", "0._orig_mod."): value for name, value in STATE.items()},
    "timm": {"model": STATE, "optimizer": {"state": {0: {"step": torch.ones(())}}}, "epoch": 3},
    "with an average": {"state_dict": STATE, "state_dict_ema": OTHERS},
    "a deep one": {"checkpoint": {"weights": under("net.")}},
}


@pytest.mark.parametrize("kind", WRAPPED)
def test_the_weights_are_found_whatever_is_around_them(kind):
    found = unwrapped(WRAPPED[kind], set(STATE))
    assert found.keys() == STATE.keys()
    assert all(found[name].equal(value) for name, value in STATE.items())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"epoch": 3}, "it holds no state dict"),
        ([STATE], "it holds no state dict"),
        (
            {"state_dict": {"fc.weight": torch.ones(3)}},
            r"under 'state_dict', it has fc.weight, ...; not 0.bias, 0.weight",
        ),
        (
            {"state_dict": under("student.") | under("teacher.", OTHERS)},
            r"several: state_dict student.\*, state_dict teach",
        ),
    ],
)
def test_what_cannot_be_told_is_refused_by_its_names(content, reason, tmp_path):
    torch.save(content, tmp_path / "weights.pt")
    with pytest.raises(SettingError, match=rf"^checkpoint=.*weights\.pt: allowed: a state dict of .*{reason}"):
        load_weights(NETWORK, tmp_path / "weights.pt", "checkpoint")


def test_a_whole_pickled_network_is_refused_with_what_to_save(tmp_path):
    torch.save(NETWORK, tmp_path / "network.pt")
    with pytest.raises(SettingError, match=r"allowed: a file of tensors alone, as torch\.save\(network\.state_dict"):
        load_weights(NETWORK, tmp_path / "network.pt", "checkpoint")
