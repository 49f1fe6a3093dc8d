"""Whether two scores are separate knobs: what each does to either one obtained while the other stays as it is asked."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from uqgen.evaluation.bootstrap import Array, Estimate, Floats, bootstrap
from uqgen.evaluation.in_vs_out import pearson


@dataclass(frozen=True)
class Effect:
    """What asking for one score does to one obtained, the other score asked being held fixed.

    Attributes:
        slope: by least squares of the obtained score on both asked ones, its units for each unit asked; 1 of a score on
            itself and 0 on the other where both are followed.
        pearson: partial correlation: of what the other asked score, by least squares, leaves of both.
    """

    slope: Estimate
    pearson: Estimate


@dataclass(frozen=True)
class Knobs:
    """The four effects, of a score asked on a score obtained."""

    first_on_first: Effect
    first_on_second: Effect
    second_on_first: Effect
    second_on_second: Effect


def knobs(
    asked: tuple[ArrayLike, ArrayLike], obtained: tuple[ArrayLike, ArrayLike], n_resamples: int = 1_000, seed: int = 0
) -> Knobs:
    """Measures all four effects.

    Args:
        asked: first and second score, float [N] each.
        obtained: the same.
        n_resamples, seed: of the bootstrap.
    """
    arrays = tuple(np.asarray(scores, dtype=np.float64) for scores in (*asked, *obtained))
    found = bootstrap(_effects, arrays, n_resamples, seed)
    names = ("first_on_first", "first_on_second", "second_on_first", "second_on_second")
    return Knobs(**{name: Effect(found[f"{name}/slope"], found[f"{name}/pearson"]) for name in names})


def _effects(first: Floats, second: Floats, first_out: Floats, second_out: Floats) -> dict[str, Floats]:
    """Slope and partial correlation of each effect over the last axis, NaN where a score does not vary on its own."""
    effects = {}
    for asked, turned, fixed in (("first", first, second), ("second", second, first)):
        alone = _residual(turned, fixed)
        for name, out in (("first", first_out), ("second", second_out)):
            with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN that is promised
                effects[f"{asked}_on_{name}/slope"] = np.vecdot(alone, out) / np.vecdot(alone, alone)
            effects[f"{asked}_on_{name}/pearson"] = pearson(alone, _residual(out, fixed))
    return effects


def _residual(values: Array, given: Array) -> Floats:
    """What the regression on `given` leaves of the values, float [..., N]."""
    values, given = (side - side.mean(axis=-1, keepdims=True) for side in (values, given))
    with np.errstate(invalid="ignore"):
        slope = np.vecdot(values, given) / np.vecdot(given, given)
    return values - slope[..., None] * given
