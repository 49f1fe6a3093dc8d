import pytest
import torch
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import to_uint8
from uqgen.explanation.interpolation import interpolate
from uqgen.scores import get_score
from uqgen.settings import SettingError


@pytest.fixture
def target():
    return FrozenClassifier(nn.Sequential(nn.Flatten(), nn.Linear(64, 3)))


def test_begins_and_ends_with_the_two_images_and_says_what_the_target_says(small, target):
    ends = small.known.select(torch.tensor([0, 2]))
    way = interpolate(small.inverter, ends, target, get_score("msp"), n=5)
    assert (way.x[[0, 4]].int() - to_uint8(ends.x).int()).abs().max() <= 1
    assert not way.x[2].equal(way.x[0])
    torch.testing.assert_close(way.score_out, target.predict(way.x).softmax(dim=1).amax(dim=1))


def test_between_an_image_and_itself_nothing_changes(small, target):
    ends = small.known.select(torch.tensor([1, 1]))
    way = interpolate(small.inverter, ends, target, get_score("msp"), n=3)
    assert (way.x.int() - way.x[:1].int()).abs().max() <= 1


def test_fewer_than_two_images_are_refused(small, target):
    ends = small.known.select(torch.tensor([0, 2]))
    with pytest.raises(SettingError, match=r"^n=1: allowed: an integer of at least 2"):
        interpolate(small.inverter, ends, target, get_score("msp"), n=1)
