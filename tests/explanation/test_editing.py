import torch
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import to_uint8, unit_range
from uqgen.explanation.editing import edit, edit_by_condition
from uqgen.explanation.inversion import Inversion, at_code, regenerate, rescored
from uqgen.scores import get_score

MSP = get_score("msp")


def target():
    torch.manual_seed(3)
    return FrozenClassifier(nn.Sequential(nn.Flatten(), nn.Linear(64, 3)))


def given(small):
    """Images that are what the target says of them, not quite what the generator makes."""
    made = at_code(small.gan, small.latent, small.own)
    x = unit_range(to_uint8(made.x + 0.1 * torch.randn(made.x.shape)))
    vectors = target()(x).softmax(dim=1)
    own = small.own._replace(score=vectors.amax(dim=1), probabilities=vectors)
    reconstruction = at_code(small.gan, small.latent, own).x
    return Inversion(x, own, made.latent, made.offset, reconstruction)


def test_who_asks_for_the_own_score_gets_the_image_back(small):
    inversion = given(small)
    arguments = (small.gan, inversion, target(), MSP, inversion.own.score)
    edits = edit(*arguments, edit_by_condition(*arguments, (0.35, 1.0), 0.01), 0.01, n_steps=2)
    for number in range(3):
        assert edits.x[number, number].equal(to_uint8(inversion.x[number]))


def test_the_change_is_what_the_condition_changes_in_the_generator(small):
    inversion = given(small)
    asked = torch.tensor([0.4, 0.9])
    start = edit_by_condition(small.gan, inversion, target(), MSP, asked, (0.35, 1.0), 0.01)
    assert start.edits.x.shape == (3, 2, 1, 8, 8)
    made = regenerate(small.gan, inversion, rescored(small.gan, inversion.own, start.fed[:, 0]))
    expected = to_uint8(inversion.x + made - inversion.reconstruction)
    assert start.edits.x[:, 0].equal(expected)


def test_going_on_in_w_reaches_what_no_condition_does(small):
    inversion = given(small)
    asked = torch.tensor([0.4, 0.5])
    arguments = (small.gan, inversion, target(), MSP, asked)
    start = edit_by_condition(*arguments, (0.35, 1.0), 0.02)
    before, after = start.edits, edit(*arguments, start, 0.02, n_steps=300)
    miss_before, miss_after = ((each.score_out - asked).abs() for each in (before, after))
    assert miss_before.max() > 0.02
    assert (miss_after <= 0.02).float().mean() > (miss_before <= 0.02).float().mean()
    assert miss_after.max() < miss_before.max()
    reached = miss_before <= 0.02
    assert after.x[reached].equal(before.x[reached])
