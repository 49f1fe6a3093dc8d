"""Whether two scores are separate knobs: what each does to either one obtained while all else stays as it is asked."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uqgen.metrics.bootstrap import Array, Estimate, Floats, bootstrap
from uqgen.metrics.in_vs_out import pearson
from uqgen.metrics.metric import Metric, Row, register

N_BINS = 20  # of the other score, with equally many images


@dataclass(frozen=True)
class Effect:
    """What asking for one score does to one obtained, the class and the other score asked being held fixed.

    Attributes:
        slope: by least squares, in units obtained for each unit asked; 1 of a score on itself and 0 on the other where
            both are followed.
        pearson: partial correlation: of what remains of both.
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
    asked: tuple[ArrayLike, ArrayLike],
    obtained: tuple[ArrayLike, ArrayLike],
    label: ArrayLike,
    n_resamples: int = 1_000,
    seed: int = 0,
) -> Knobs:
    """Measures all four effects.

    Held fixed is what makes a cell, a class and a bin of the other score asked, by the mean of each cell (which follows
    any curve), and within the cells the other score, by a straight line.

    Args:
        asked: first and second score, float [N] each.
        obtained: the same.
        label: int [N], the class asked.
        n_resamples, seed: of the bootstrap.
    """
    scores = [np.asarray(side, dtype=np.float64) for side in (*asked, *obtained)]
    cells = [_cells(side, np.asarray(label)) for side in scores[:2]]
    found = bootstrap(_effects, (*scores, *cells), n_resamples, seed)
    names = ("first_on_first", "first_on_second", "second_on_first", "second_on_second")
    return Knobs(**{name: Effect(found[f"{name}/slope"], found[f"{name}/pearson"]) for name in names})


def _effects(
    first: Floats, second: Floats, first_out: Floats, second_out: Floats, first_cells: Array, second_cells: Array
) -> dict[str, Floats]:
    """Slope and partial correlation of each effect over the last axis, NaN where a score does not vary on its own."""
    effects = {}
    for asked, turned, fixed, cells in (("first", first, second, second_cells), ("second", second, first, first_cells)):
        alone = _residual(turned, fixed, cells)
        for name, out in (("first", first_out), ("second", second_out)):
            with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN that is promised
                effects[f"{asked}_on_{name}/slope"] = np.vecdot(alone, out) / np.vecdot(alone, alone)
            effects[f"{asked}_on_{name}/pearson"] = pearson(alone, _residual(out, fixed, cells))
    return effects


def _cells(fixed: Floats, label: Array) -> NDArray[np.intp]:
    """A number for each class and bin of a score, int [N]."""
    rank = fixed.argsort().argsort()
    return label * N_BINS + rank * N_BINS // len(rank)


def _residual(values: Floats, fixed: Floats, cells: Array) -> Floats:
    """What the cells' means, and a straight line in `fixed` within them, leave of the values, float [..., N]."""
    values, fixed = _less_mean(values, cells), _less_mean(fixed, cells)
    with np.errstate(invalid="ignore"):
        slope = np.vecdot(values, fixed) / np.vecdot(fixed, fixed)
    return values - slope[..., None] * fixed


def _less_mean(values: Floats, cells: Array) -> Floats:
    """Values less the mean of their cell, float [..., N]."""
    rows = cells.reshape(-1, cells.shape[-1])
    own = (rows + (int(rows.max()) + 1) * np.arange(len(rows))[:, None]).ravel()  # a cell for each resample
    counts, sums = np.bincount(own), np.bincount(own, values.ravel())
    return values - (sums[own] / counts[own]).reshape(values.shape)


def _metrics() -> Iterator[Metric]:
    for effect, protocol in product(fields(Knobs), ("data", "uniform")):
        asked, obtained = effect.name.split("_on_")
        for number, title in (("slope", "slope"), ("pearson", "partial Pearson")):
            key = f"second_score/knobs/{protocol}/{effect.name}/{number}"
            row = Row("knobs", f"{{{asked}}} requested on {{{obtained}}} achieved", {f"{number} {protocol}": key})
            yield Metric(key, f"{title} of {asked} score on {obtained} ({protocol})", rows=[row])


register(*_metrics())
