"""Disentanglement of two scores: what requesting each does to both achieved ones, all other requests being equal."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uqgen.metrics.bootstrap import Array, Estimate, Floats, bootstrap
from uqgen.metrics.metric import Metric, Row, register
from uqgen.metrics.paired_statistics import pearson

N_BINS = 20  # of the other score, with equally many images


@dataclass(frozen=True)
class Effect:
    """What requesting one score does to one achieved, the class and the other score requested being held fixed.

    Attributes:
        slope: by least squares, in units achieved for each unit requested; 1 of a score on itself and 0 on the other
            where both are followed.
        pearson: partial correlation: of what remains of both.
    """

    slope: Estimate
    pearson: Estimate


@dataclass(frozen=True)
class Disentanglement:
    """The four effects, of a score requested on a score achieved."""

    first_on_first: Effect
    first_on_second: Effect
    second_on_first: Effect
    second_on_second: Effect


def disentanglement(
    requested: tuple[ArrayLike, ArrayLike],
    achieved: tuple[ArrayLike, ArrayLike],
    label: ArrayLike,
    n_resamples: int = 1_000,
    seed: int = 0,
) -> Disentanglement:
    """Measures all four effects.

    Class and the other requested score are held fixed: by subtracting the mean of each cell, a class and a bin of that
    score (which follows any curve), and within the cells by a straight line in that score.

    Args:
        requested: first and second score, float [N] each.
        achieved: the same.
        label: int [N], the class requested.
        n_resamples, seed: of the bootstrap.
    """
    scores = [np.asarray(side, dtype=np.float64) for side in (*requested, *achieved)]
    cells = [_cells(side, np.asarray(label)) for side in scores[:2]]
    found = bootstrap(_effects, (*scores, *cells), n_resamples, seed)
    names = ("first_on_first", "first_on_second", "second_on_first", "second_on_second")
    return Disentanglement(**{name: Effect(found[f"{name}/slope"], found[f"{name}/pearson"]) for name in names})


def _effects(
    first: Floats, second: Floats, first_out: Floats, second_out: Floats, first_cells: Array, second_cells: Array
) -> dict[str, Floats]:
    """Slope and partial correlation of each effect over the last axis, NaN where a score does not vary on its own."""
    effects = {}
    for requested, turned, fixed, cells in (
        ("first", first, second, second_cells),
        ("second", second, first, first_cells),
    ):
        alone = _residual(turned, fixed, cells)
        for name, out in (("first", first_out), ("second", second_out)):
            with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN that is promised
                effects[f"{requested}_on_{name}/slope"] = np.vecdot(alone, out) / np.vecdot(alone, alone)
            effects[f"{requested}_on_{name}/pearson"] = pearson(alone, _residual(out, fixed, cells))
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
    for effect, protocol in product(fields(Disentanglement), ("data", "uniform")):
        requested, achieved = effect.name.split("_on_")
        for number, title in (("slope", "slope"), ("pearson", "partial Pearson")):
            key = f"second_score/disentanglement/{protocol}/{effect.name}/{number}"
            row = Row(
                "disentanglement",
                f"{{{requested}}} requested on {{{achieved}}} achieved",
                {f"{number} {protocol}": key},
            )
            yield Metric(key, f"{title} of {requested} score on {achieved} ({protocol})", rows=[row])


register(*_metrics())
