"""Classes and parts of the range of scores, each one cell that a verdict looks at by itself."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from uqgen.evaluation.manifold import InBin, InCell, Manifold
from uqgen.metrics.bootstrap import Estimate
from uqgen.score_texts import score_texts

T = TypeVar("T")
REST = "the classes with few real ones there"


class Cell(NamedTuple):
    """A class in a part of the range.

    Attributes:
        name: how a sentence calls the class.
        part: the part of the range.
        is_certain: whether it is the certain end.
        found: what was measured.

    Examples:
        >>> nothing = InCell(0, 0, 0)
        >>> Cell("class 3", InBin(0.5, 0.7, None, {"3": nothing}), False, nothing).where
        'at scores from 0.5 to 0.7'
    """

    name: str
    part: InBin
    is_certain: bool
    found: InCell

    @property
    def where(self) -> str:
        """The part of the range in words."""
        return in_words(self.part.low, self.part.high, self.is_certain)

    def share(self, measure: str, end: str = "value") -> float:
        """A measure, or an end of its interval, as share of the floor."""
        generated, floor = getattr(self.found.generated, measure), getattr(self.found.floor, measure)
        return getattr(generated, end) / floor.value if floor.value else math.nan

    def error(self, end: str = "value") -> float:
        """Mean absolute error of the score, or an end of its interval."""
        assert self.found.error is not None
        return getattr(self.found.error, end)


def cells_of(manifold: Manifold) -> Iterator[Cell]:
    """Every class in every part of the range; in each, those with too few real images to be measured, as one."""
    for part in (manifold.certain, *manifold.below):
        named = {f"class {name}": found for name, found in part.classes.items()}
        if part.rest is not None:
            named[REST] = part.rest
        for name, found in named.items():
            yield Cell(name, part, part is manifold.certain, found)


def measured_of(manifold: Manifold) -> list[Cell]:
    """The cells in which images could be compared."""
    return [cell for cell in cells_of(manifold) if cell.found.generated is not None]


def least(items: Iterable[T], value: Callable[[T], float]) -> T:
    """The one with the least value, whatever the order; NaN counts as the greatest."""
    return min(items, key=lambda each: math.inf if math.isnan(value(each)) else value(each))


def together(cells: Sequence[Cell], measure: str) -> Estimate:
    """A measure of all cells as share of their floor, both as means over the cells, each cell counting alike.

    Cells share no image, so their errors are independent and add up in quadrature, as do those of both means.
    """
    sides = [[getattr(getattr(cell.found, side), measure) for cell in cells] for side in ("generated", "floor")]
    generated, floor = (float(np.mean([each.value for each in side])) for side in sides)
    if not floor:
        return Estimate(math.nan, math.nan, math.nan)
    halves = [math.hypot(*map(_half, side)) / len(cells) for side in sides]
    share = generated / floor
    half = math.hypot(halves[0], share * halves[1]) / floor
    return Estimate(share, share - half, share + half)


def _half(found: Estimate) -> float:
    """Half of an interval that was symmetric, before an end was cut at 0 or 1."""
    return max(found.high - found.value, found.value - found.low)


def in_words(low: float, high: float, is_certain: bool) -> str:
    """A part of the range as a sentence says it."""
    return "at the certain end" if is_certain else f"at scores from {' to '.join(score_texts([low, high]))}"


def percent(share: float) -> str:
    """A share as a sentence says it."""
    return f"{100 * share:.0f} %"
