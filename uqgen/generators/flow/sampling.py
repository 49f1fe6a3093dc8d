"""How a trained flow is integrated."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from uqgen.settings import require, require_integer, require_number

ENDS = 0.2  # of the slope of the times at 0 and at 1


@dataclass(frozen=True)
class FlowSampling:
    """Steps from noise to image, and how the condition and the classifier guide them.

    Attributes:
        steps: of the solver; each costs one velocity, or two with classifier-free guidance.
        condition_strength: of classifier-free guidance (Ho and Salimans, 2021, equation 6): 1 is the conditional
            velocity alone, more is further away from the unconditional one.
        condition_first, condition_last: times between which it acts (Kynkäänniemi et al., 2024, "Applying guidance in a
            limited interval improves sample and distribution quality in diffusion models"). Earlier it would make
            common kinds of images of a condition more common, later textures rougher; a step without it takes half as
            long.
        bound: the longest step by which a classifier's guidance moves the predicted image, as a Euclidean distance
            of pixels in [-1, 1], before the blur.
        blur: standard deviation in pixels of the Gaussian through which it moves images; 0 for none. What a Gaussian
            takes away are changes that one classifier sees and others do not.
        first, last: times between which a classifier guides.

    Raises:
        SettingError: a value is out of range.

    Examples:
        >>> len(FlowSampling(steps=8).times())
        9
    """

    steps: int = 10
    condition_strength: float = 2.0
    condition_first: float = 0.3
    condition_last: float = 0.7
    bound: float = 2.0
    blur: float = 0.0
    first: float = 0.2
    last: float = 0.97

    def __post_init__(self) -> None:
        require_integer("steps", self.steps, 1)
        require_number("condition_strength", self.condition_strength, 0)
        self._require_times("condition_first", "condition_last")
        require_number("bound", self.bound, 0)
        require_number("blur", self.blur, 0)
        self._require_times("first", "last")

    def times(self) -> Tensor:
        """The steps + 1 times from 0 to 1, float32."""
        return crowded_times(self.steps)

    def condition_strength_at(self, time: float) -> float:
        """The strength of classifier-free guidance at a time."""
        return self.condition_strength if self.condition_first <= time <= self.condition_last else 1.0

    def _require_times(self, *names: str) -> None:
        first, last = (getattr(self, name) for name in names)
        for name in names:
            require_number(name, getattr(self, name), 0, 1)
        require(first <= last, names[0], first, f"at most {names[1]}={last}")


def crowded_times(n_steps: int) -> Tensor:
    """Times from 0 to 1, float32 [n_steps + 1], a fifth as far apart at either end as on average.

    There the velocity turns most: on corrupted MNIST the mean error of inversions in 24 steps is 0.001, that of even
    steps 0.011. The solver begins with Euler's method, whose error decides how many images become noisy; see
    docs/choices.md.
    """
    even = torch.linspace(0, 1, n_steps + 1)
    return even * (ENDS + even * (3 - 3 * ENDS + even * (2 * ENDS - 2)))


def integrate(velocity: Callable[[Tensor, float], Tensor], x: Tensor, times: Tensor) -> Tensor:
    """Solves dx/dt = v(x, t) by the two-step Adams-Bashforth method, whose first step is Euler's.

    It is of second order at one velocity a step, where Heun's method takes two. Times may fall as well as rise.

    Args:
        velocity: v.
        x: float [N, ...], at the first time.
        times: float [S + 1].

    Returns:
        x at the last time.
    """
    before, step_before = None, 0.0
    for now, after in pairwise(times.tolist()):
        v, step = velocity(x, now), after - now
        if before is None:
            x = x + step * v
        else:
            share = step / (2 * step_before)
            x = x + step * ((1 + share) * v - share * before)
        before, step_before = v, step
    return x
