import math
from itertools import pairwise

import pytest
import torch

from uqgen.generators.flow.sampling import FlowSampling, crowded_times, integrate
from uqgen.settings import SettingError

START = torch.tensor([[1.0, -2.0]], dtype=torch.float64)


def end(n_steps: int, first: float = 0.0, last: float = 1.0) -> torch.Tensor:
    times = torch.linspace(first, last, n_steps + 1, dtype=torch.float64)
    return integrate(lambda x, t: math.cos(3 * t) * x, START, times)


def test_the_solver_is_of_second_order():
    exact = START * math.exp(math.sin(3.0) / 3)
    errors = [float((end(n) - exact).abs().max()) for n in (20, 40, 80)]
    for coarse, fine in pairwise(errors):
        assert coarse / fine == pytest.approx(4, rel=0.2)


def test_straight_lines_take_one_step():
    velocity = torch.tensor([[3.0, 1.0]])
    one = integrate(lambda x, t: velocity, torch.zeros(1, 2), torch.tensor([0.0, 1.0]))
    torch.testing.assert_close(one, velocity)


def test_times_may_be_uneven_and_fall():
    exact = START * math.exp(-math.sin(3.0) / 3)
    backwards = torch.linspace(1, 0, 200, dtype=torch.float64).square()
    found = integrate(lambda x, t: math.cos(3 * t) * x, START, backwards)
    torch.testing.assert_close(found, exact, rtol=1e-3, atol=1e-3)


def test_each_step_asks_for_one_velocity():
    requested = []
    integrate(lambda x, t: requested.append(t) or x, START, FlowSampling(steps=2).times())
    assert requested == pytest.approx([0, 0.5])


def test_times_are_closest_to_each_other_at_both_ends():
    times = crowded_times(1_000).double()
    assert (float(times[0]), float(times[-1])) == pytest.approx((0, 1))
    steps = 1_000 * times.diff()
    assert (float(steps[0]), float(steps[-1])) == pytest.approx((0.2, 0.2), abs=0.01)
    torch.testing.assert_close(steps, steps.flip(0), atol=1e-3, rtol=0)
    assert bool((steps > 0).all())


def test_the_condition_is_strengthened_between_its_times():
    sampling = FlowSampling(condition_strength=2.0, condition_first=0.4, condition_last=0.7)
    assert [sampling.condition_strength_at(time) for time in (0.0, 0.39, 0.4, 0.7, 0.71)] == [1, 1, 2, 2, 1]


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"steps": 0}, "steps"),
        ({"condition_strength": -1}, "condition_strength"),
        ({"condition_first": 1.5}, "condition_first"),
        ({"condition_first": 0.9, "condition_last": 0.5}, "condition_first"),
        ({"condition_last": -1}, "condition_last"),
        ({"bound": -1}, "bound"),
        ({"blur": -1}, "blur"),
        ({"first": 0.9, "last": 0.5}, "first"),
        ({"last": 1.5}, "last"),
    ],
)
def test_settings_out_of_range_are_refused(settings, name):
    with pytest.raises(SettingError, match=f"^{name}="):
        FlowSampling(**settings)
