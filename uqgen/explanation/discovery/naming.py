"""Which of the named attributes a discovered one goes with."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from uqgen.data.attributes import ATTRIBUTES, measure_attributes
from uqgen.metrics.bootstrap import Estimate, Floats, bootstrap

GOES_WITH = 0.5  # of the correlation, from which on two attributes go together: the near end of its interval
LEAST = 0.2  # standard deviations among images, by which a step changes a named attribute, at least


@dataclass(frozen=True)
class Naming:
    """How a discovered attribute goes with a named one.

    Attributes:
        correlation: of the step (-1 for less, 1 for more) with the change of the named attribute; 0 where nothing
            changes.
        change: mean change by a step, in standard deviations of the named attribute among the images.
    """

    correlation: Estimate
    change: float

    @property
    def counts(self) -> bool:
        """Whether the one is a name for the other."""
        low, high = self.correlation.low, self.correlation.high
        return abs(self.change) >= LEAST and (low >= GOES_WITH or high <= -GOES_WITH)


def name_steps(x: Tensor, n_resamples: int, seed: int) -> dict[str, Naming]:
    """What each named attribute has to do with steps from less to more.

    Args:
        x: uint8 [N, 3, C, H, W], with less, as they are, with more.
        n_resamples, seed: of the bootstrap over images.
    """
    measured = measure_attributes(x.flatten(0, 1), "discovered").reshape(*x.shape[:2], -1)
    scale = measured[:, 1].std(axis=0)
    change = (measured[:, [0, 2]] - measured[:, 1:2]) / np.where(scale > 0, scale, 1)
    return {name: _naming(change[..., number], n_resamples, seed) for number, name in enumerate(ATTRIBUTES)}


def matching_names(named: dict[str, Naming]) -> tuple[str, ...]:
    """The named attributes that count, the one that a step changes most first."""
    those = {name: abs(found.change) for name, found in named.items() if found.counts}
    return tuple(sorted(those, key=lambda name: -those[name]))


def best_name(named: dict[str, Naming]) -> str | None:
    """The first of these; None where none counts."""
    return next(iter(matching_names(named)), None)


def _naming(change: Floats, n_resamples: int, seed: int) -> Naming:
    """Of changes float64 [N, 2] by less and by more."""
    along = change[:, 1] - change[:, 0]
    estimate = bootstrap(_correlation, (along, (change**2).sum(axis=1)), n_resamples, seed)["r"]
    return Naming(estimate, float(along.mean() / 2))


def _correlation(along: Floats, squares: Floats) -> dict[str, Floats]:
    """Through the origin, since no step is no change."""
    length = np.sqrt(2 * along.shape[-1] * squares.sum(axis=-1))
    return {"r": along.sum(axis=-1) / np.where(length > 0, length, 1)}
