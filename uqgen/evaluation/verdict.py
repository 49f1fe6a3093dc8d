"""What is wrong with a generator, in plain words, made from its worst class and part of the range of scores.

`faults.py` has the rules and their limits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from uqgen.evaluation.cells import REST, Cell, cells_of, in_words, least, measured_of, percent
from uqgen.evaluation.controls import Controls
from uqgen.evaluation.faults import Finding, find_faults
from uqgen.evaluation.manifold import Manifold
from uqgen.evaluation.real_cells import FEWEST
from uqgen.metrics.in_vs_out import InVsOut


@dataclass(frozen=True)
class Worst:
    """The class and bin in which a measure is the worst.

    Attributes:
        name: how a sentence calls the class.
        low, high: edges of the bin.
        is_certain: whether the bin is the certain end.
        value: as share of the floor; of the error, of that of always achieving the middle of the range.
    """

    name: str
    low: float
    high: float
    is_certain: bool
    value: float

    @classmethod
    def of(cls, cell: Cell, value: float) -> Self:
        """A cell with the value there."""
        return cls(cell.name, cell.part.low, cell.part.high, cell.is_certain, value)

    @property
    def where(self) -> str:
        """The bin in words."""
        return in_words(self.low, self.high, self.is_certain)


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a generator.

    Attributes:
        is_sound: whether no fault was found; None where nothing could be measured by class and score.
        text: in plain words, findings in the order of the rules in `faults.py`.
        findings: every fault found.
        worst: for coverage, recall, precision, detail and texture (precision in these, of images) and error, the worst
            class and bin; empty where nothing was measured.
        n_measured, n_cells: classes and bins measured each by itself, and all there are.
    """

    is_sound: bool | None
    text: str
    findings: tuple[Finding, ...]
    worst: dict[str, Worst]
    n_measured: int
    n_cells: int


def judge_generator(
    manifold: Manifold,
    appearance: Mapping[str, Manifold],
    controls: Controls,
    uniform: InVsOut,
    requested_range: tuple[float, float],
    noun: str,
) -> Verdict:
    """Says what is wrong.

    Args:
        manifold: generated beside real images by class and score.
        appearance: the same in their `detail` and `texture`; nothing for points.
        controls: the controls against cheating.
        uniform: requested against achieved scores under the uniform protocol.
        requested_range: the lowest and the highest score requested.
        noun: "image" or "point", of the data.
    """
    middle = (requested_range[1] - requested_range[0]) / 4
    found = find_faults(manifold, appearance, controls, uniform, middle, noun)
    worst = _worst(manifold, appearance, middle)
    is_sound = None if not (found or worst) else not found
    named = [cell for cell in cells_of(manifold) if cell.name != REST]
    n_measured = sum(cell.found.generated is not None for cell in named)
    text = " ".join([*_opening(found, worst, noun), _extent(manifold, n_measured, len(named), noun)])
    return Verdict(is_sound, text, found, worst, n_measured, len(named))


def _worst(manifold: Manifold, appearance: Mapping[str, Manifold], middle: float) -> dict[str, Worst]:
    measured = measured_of(manifold)
    if not measured:
        return {}
    looks = {name: cells for name, found in appearance.items() if (cells := measured_of(found))}
    found = {measure: _least(measured, measure) for measure in ("coverage", "recall", "precision")}
    found |= {name: _least(cells, "precision") for name, cells in looks.items()}
    cell = least(measured, lambda each: -each.error())
    return {**found, "error": Worst.of(cell, cell.error() / middle)}


def _least(cells: list[Cell], measure: str) -> Worst:
    cell = least(cells, lambda each: each.share(measure))
    return Worst.of(cell, cell.share(measure))


def _opening(findings: tuple[Finding, ...], worst: dict[str, Worst], noun: str) -> list[str]:
    if findings:
        return [finding.text for finding in findings]
    if not worst:
        return [f"Whether the {noun}s look like real ones could not be measured."]
    coverage, precision = worst["coverage"], worst["precision"]
    return [
        f"No fault was found. At worst, {noun}s of {coverage.name} {coverage.where} cover "
        f"{percent(coverage.value)} of the real variety,",
        f"those of {precision.name} {precision.where} have {percent(precision.value)} of the precision of real ones.",
    ]


def _extent(manifold: Manifold, n_measured: int, n_cells: int, noun: str) -> str:
    """What was measured: cells of one class each, and for each part of the range those with few real images as one."""
    if n_measured == n_cells:
        return f"All {n_cells} classes and parts of the range were measured."
    few = f"the others have too few real {noun}s, for which {FEWEST} are needed on each side"
    return f"Measured: {n_measured} of {n_cells} classes and parts of the range; {few}{_as_one(manifold)}."


def _as_one(manifold: Manifold) -> str:
    are_measured = [cell.found.generated is not None for cell in cells_of(manifold) if cell.name == REST]
    if not any(are_measured):
        return ""
    within = "" if all(are_measured) else f" in {sum(are_measured)} of {len(are_measured)} parts"
    return f", and were measured together as one{within}"
