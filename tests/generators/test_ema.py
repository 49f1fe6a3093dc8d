import copy

import pytest
import torch
from torch import nn

from uqgen.generators.ema import EMA, RAMP_UP


@pytest.fixture
def module():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)).double()


def moved(module, value):
    """The module with every weight at this value."""
    other = copy.deepcopy(module)
    for weight in other.parameters():
        nn.init.constant_(weight, value)
    return other


def test_the_start_is_the_module_itself(module):
    ema = EMA(module, 1000)
    x = torch.randn(5, 3).double()
    assert ema.module(x).equal(module.eval()(x))


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_a_weights_past_counts_half_after_every_half_life(module, steps):
    # From 1 towards 3: what is left of the distance halves every 50 images.
    start, end = moved(module, 1.0), moved(module, 3.0)
    ema = EMA(start, 50)
    for step in range(1, steps + 1):
        ema.update(end, 20, 10**6 + 20 * step)
    expected = 3 - 2 * 0.5 ** (20 * steps / 50)
    for weight in ema.module.parameters():
        torch.testing.assert_close(weight, torch.full_like(weight, expected))


def test_the_half_life_is_at_most_a_tenth_of_the_images_so_far(module):
    start, end = moved(module, 1.0), moved(module, 3.0)
    ema = EMA(start, 10_000)
    left = 1.0
    for n_images in (32, 64, 96):
        ema.update(end, 32, n_images)
        left *= 0.5 ** (32 / (RAMP_UP * n_images))
    assert RAMP_UP == 0.1
    weight = next(ema.module.parameters())
    torch.testing.assert_close(weight, torch.full_like(weight, 3 - 2 * left))


def test_after_the_ramp_the_half_life_is_the_one_requested(module):
    start, end = moved(module, 0.0), moved(module, 1.0)
    ema = EMA(start, 1000)
    ema.update(end, 1000, 10_000)
    assert next(ema.module.parameters()).flatten()[0].item() == pytest.approx(0.5)
    ema = EMA(start, 1000)
    ema.update(end, 1000, 5_000)
    assert next(ema.module.parameters()).flatten()[0].item() == pytest.approx(0.75)


def test_a_half_life_of_nothing_follows_at_once(module):
    ema = EMA(moved(module, 0.0), 0)
    ema.update(moved(module, 1.0), 8, 8)
    assert all(weight.eq(1).all() for weight in ema.module.parameters())


def test_buffers_are_copied(module):
    ema = EMA(module, 10**9)
    module.train()(torch.randn(5, 3).double())
    ema.update(module, 8, 10**6)
    for mine, theirs in zip(ema.module.buffers(), module.buffers(), strict=True):
        assert mine.equal(theirs)
        assert mine.data_ptr() != theirs.data_ptr()


def test_what_is_followed_does_not_change(module):
    before = copy.deepcopy(module.state_dict())
    EMA(moved(module, 7.0), 10).update(module, 8, 100)
    assert all(value.equal(before[name]) for name, value in module.state_dict().items())


def test_it_stays_frozen_and_in_evaluation_mode(module):
    ema = EMA(module, 10)
    holder = nn.ModuleList([ema])
    holder.train()
    ema.update(module, 8, 100)
    assert module.training
    assert not any(part.training for part in ema.modules())
    assert not any(weight.requires_grad for weight in ema.parameters())
