"""What is wrong with a generator, in plain words, made from its worst class and part of the range of scores.

Every limit stands here, and is relative to what real images reach. A class and bin is named only where the whole 95 %
interval is beyond the limit, since the worst of many is partly bad luck.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from uqgen.evaluation.controls import Controls
from uqgen.evaluation.manifold import FEWEST, InBin, InCell, Manifold
from uqgen.metrics.in_vs_out import InVsOut
from uqgen.metrics.local_sensitivity import LocalSensitivity
from uqgen.metrics.memorisation import Memorisation
from uqgen.metrics.share_ratio import ShareRatio

REST = "the classes with few real ones there"
COLLAPSE, UNREALISTIC = "collapse", "unrealistic"
WRONG_SCORE, WRONG_CLASS = "wrong score", "wrong class"
ADVERSARIAL, MEMORISATION = "adversarial", "memorisation"
WRONG_SHARES, ISOLATED_PIXELS = "wrong shares", "isolated pixels"
IN_APPEARANCE = {  # faults, named as what is compared
    "detail": " in fine detail: the rest have blur, noise or haze, or places of it, that no real image has",
    "texture": " in texture: the rest are speckled, streaked, or otherwise rougher or smoother than any real image",
}
MOST_OFF = 2.0  # times as many, or as few, images as real ones in a cluster, or with an isolated pixel,
LEAST_OFF = 0.03  # where that makes a difference of as much of the images
LEAST = {"coverage": 0.75, "recall": 0.5, "precision": 0.75}  # as shares of the floor
# Whoever always achieves the middle of the range misses uniform requests by a quarter of it.
MOST_ERROR = 0.5  # as share of that
MOST_LOST = 0.1  # of the images, beyond those of real images of the same scores, are taken for another class
MOST_SENSITIVE = 1.5  # times the change of real images' scores under a change that is hardly seen
LEAST_JUDGED = 0.7  # of the correlation that judges would have if they saw what they see in real images
LEAST_AGREEMENT = 0.2  # Pearson correlation on real images below which judges prove nothing
MOST_MEMORISED = 0.05  # of all images; of unseen real ones 0.01 are as near to a training image


@dataclass(frozen=True)
class Finding:
    """One fault.

    Attributes:
        fault: its name, one of those above.
        text: what was found and where, in a sentence.
    """

    fault: str
    text: str


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

    @property
    def where(self) -> str:
        """The bin in words."""
        return _where(self.low, self.high, self.is_certain)


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a generator.

    Attributes:
        is_sound: whether no fault was found; None where nothing could be measured by class and score.
        text: in plain words, the worst first.
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


class _Cell(NamedTuple):
    """A measured class and bin; `name` is how a sentence calls the class."""

    name: str
    part: InBin
    is_certain: bool
    found: InCell

    def at(self, value: float) -> Worst:
        return Worst(self.name, self.part.low, self.part.high, self.is_certain, value)


class _Cluster(NamedTuple):
    """A cluster of alike images, and where it is."""

    alike: str
    where: str
    found: ShareRatio


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
    cells = list(_cells(manifold))
    measured = _measured(cells)
    looks = {name: _measured(_cells(found)) for name, found in appearance.items()}
    middle = (requested_range[1] - requested_range[0]) / 4
    findings = [
        _collapse(measured, noun),
        _imprecise(measured, noun, UNREALISTIC, f": the rest look like no real {noun}"),
        *(_imprecise(found, noun, name, IN_APPEARANCE[name]) for name, found in looks.items()),
        _wrong_shares({"": manifold, **{f" in {name}": found for name, found in appearance.items()}}, noun),
        _isolated(controls.isolated_pixels, noun),
        _wrong_score(measured, uniform, middle, noun),
        _wrong_class(controls.matched_real.class_agreement_gap, noun),
        _sensitive(controls.local_sensitivity, noun),
        _unseen(controls, uniform),
        _memorisation(controls.memorisation, noun),
    ]
    found = tuple(finding for finding in findings if finding is not None)
    worst = _worst(measured, looks, middle)
    together = [cell for cell in cells if cell.name == REST]
    n_together, n_measured = len(_measured(together)), len(measured) - len(_measured(together))
    n_cells = len(cells) - len(together)
    text = " ".join([*_opening(found, worst, noun), _extent(n_measured, n_cells, n_together, len(together), noun)])
    is_sound = None if not (found or measured) else not found
    return Verdict(is_sound, text, found, worst, n_measured, n_cells)


def _measured(cells: Iterable[_Cell]) -> list[_Cell]:
    return [cell for cell in cells if cell.found.generated is not None]


def _cells(manifold: Manifold) -> Iterator[_Cell]:
    for part in (manifold.certain, *manifold.below):
        named = {f"class {name}": found for name, found in part.classes.items()}
        if part.rest is not None:
            named[REST] = part.rest
        for name, found in named.items():
            yield _Cell(name, part, part is manifold.certain, found)


def _share(cell: _Cell, measure: str, end: str = "value") -> float:
    """A measure, or an end of its interval, as share of the floor."""
    generated, floor = getattr(cell.found.generated, measure), getattr(cell.found.floor, measure)
    return getattr(generated, end) / floor.value if floor.value else math.nan


def _error(cell: _Cell, end: str = "value") -> float:
    assert cell.found.error is not None
    return getattr(cell.found.error, end)


def _fails(cell: _Cell, measure: str) -> bool:
    return _share(cell, measure, "high") < LEAST[measure]


def _collapse(measured: list[_Cell], noun: str) -> Finding | None:
    """Where generated images lie among the real ones, and yet leave them uncovered; or real ones not among them."""
    failing = [
        cell
        for cell in measured
        if _fails(cell, "recall") or (_fails(cell, "coverage") and not _fails(cell, "precision"))
    ]
    if not failing:
        return None
    worst = min(failing, key=lambda cell: _share(cell, "coverage"))
    shares = [_percent(_share(worst, measure)) for measure in ("coverage", "recall")]
    says = f"cover {shares[0]} of the real variety, with {shares[1]} of the recall of real ones"
    return Finding(COLLAPSE, _about(worst, noun, says, failing, measured))


def _imprecise(cells: list[_Cell], noun: str, what: str, says: str) -> Finding | None:
    """Too few generated images lie among the real ones; `says` is what the rest are."""
    failing = [cell for cell in cells if _fails(cell, "precision")]
    if not failing:
        return None
    worst = min(failing, key=lambda cell: _share(cell, "precision"))
    precision = f"have {_percent(_share(worst, 'precision'))} of the precision of real ones"
    return Finding(what, _about(worst, noun, f"{precision}{says}", failing, cells))


def _wrong_shares(manifolds: Mapping[str, Manifold], noun: str) -> Finding | None:
    """Clusters that are too large or too small; each key says in what the members of a cluster are alike."""
    clusters = [
        _Cluster(alike, _where(part.low, part.high, part is found.certain), cluster)
        for alike, found in manifolds.items()
        for part in (found.certain, *found.below)
        for cluster in (part.shares.clusters if part.shares else ())
    ]
    failing = [each for each in clusters if _is_off(each.found)]
    if not failing:
        return None
    alike, where, found = max(failing, key=lambda each: abs(each.found.real - each.found.generated))
    what = f"a cluster of {noun}s that are alike{alike} holds {_percent(found.real)} of the real ones and "
    text = f"{where[0].upper()}{where[1:]}, {what}{_percent(found.generated)} of the generated ones"
    extent = f"{len(failing)} of {len(clusters)} clusters are less than half or more than twice as large"
    return Finding(WRONG_SHARES, f"{text} ({extent}).")


def _is_off(found: ShareRatio) -> bool:
    """Whether the whole interval of the ratio lies beyond a limit, and one would see it."""
    is_beyond = found.ratio.high < 1 / MOST_OFF or found.ratio.low > MOST_OFF
    return is_beyond and abs(found.real - found.generated) >= LEAST_OFF


def _isolated(found: ShareRatio | None, noun: str) -> Finding | None:
    if found is None or found.generated < found.real or not _is_off(found):
        return None
    text = f"{_percent(found.generated)} of the generated {noun}s with a black or white ground have a pixel on it that "
    return Finding(ISOLATED_PIXELS, f"{text}differs from all around it, of the real ones {100 * found.real:.1f} %.")


def _wrong_score(measured: list[_Cell], uniform: InVsOut, middle: float, noun: str) -> Finding | None:
    """Of a class and bin, or, where there are too few real images to look at each, of all requests."""
    failing = [cell for cell in measured if _error(cell, "low") > MOST_ERROR * middle]
    if not failing and not uniform.mae.low > MOST_ERROR * middle:
        return None
    worst = max(failing, key=_error, default=None)
    error = _error(worst) if worst else uniform.mae.value
    says = f"miss the requested score by {error:.2f} on average"
    says += f"; always achieving the middle of the range would miss it by {middle:.2f}"
    text = _about(worst, noun, says, failing, measured) if worst else f"Requested uniformly, {noun}s {says}."
    return Finding(WRONG_SCORE, text)


def _wrong_class(gaps: dict[str, float], noun: str) -> Finding | None:
    """`gaps`: for each protocol, class agreement less that of real images of the same scores."""
    protocol = min(gaps, key=lambda name: gaps[name])
    if not gaps[protocol] < -MOST_LOST:
        return None
    how = {"data": "as in the data", "uniform": "uniformly"}[protocol]
    text = f"Requested {how}, {noun}s are taken for another class more often than real ones of the same scores"
    return Finding(WRONG_CLASS, f"{text}, by {-100 * gaps[protocol]:.0f} percentage points.")


def _sensitive(local_sensitivity: LocalSensitivity, noun: str) -> Finding | None:
    ratios = {"a little noise": local_sensitivity.noise.ratio}
    if local_sensitivity.shift is not None:
        ratios["a shift by one pixel"] = local_sensitivity.shift.ratio
    change, value = max(ratios.items(), key=lambda item: item[1])
    if not value > MOST_SENSITIVE:
        return None
    text = f"Under {change} the scores of generated {noun}s change {value:.1f} times as much as those of real ones"
    return Finding(ADVERSARIAL, f"{text}: they hold for this one rendering.")


def _unseen(controls: Controls, uniform: InVsOut) -> Finding | None:
    judged = controls.matched_real.judges_pearson.values()
    if not judged:
        return None
    ours, real = (float(np.mean([getattr(each, side) for each in judged])) for side in ("generated", "real"))
    # Of requests that the target itself does not find, a judge cannot see more.
    value = ours / (real * uniform.pearson.value) if uniform.pearson.value > 0 else math.nan
    if not (real >= LEAST_AGREEMENT and uniform.pearson.value >= LEAST_AGREEMENT and value < LEAST_JUDGED):
        return None
    text = f"Judges see {_percent(max(value, 0))} of the uncertainty that they would see in real data"
    return Finding(ADVERSARIAL, f"{text}: only this classifier sees the rest.")


def _memorisation(found: Memorisation, noun: str) -> Finding | None:
    if not found.share > MOST_MEMORISED:
        return None
    text = (
        f"{_percent(found.share)} of the generated {noun}s are nearer to a training {noun} than unseen real ones nearly"
    )
    return Finding(MEMORISATION, f"{text} ever are: they are memorised.")


def _worst(measured: list[_Cell], looks: Mapping[str, list[_Cell]], middle: float) -> dict[str, Worst]:
    if not measured:
        return {}
    found = {measure: _least(measured, measure) for measure in ("coverage", "recall", "precision")}
    found |= {name: _least(cells, "precision") for name, cells in looks.items() if cells}
    cell = max(measured, key=_error)
    return {**found, "error": cell.at(_error(cell) / middle)}


def _least(cells: list[_Cell], measure: str) -> Worst:
    cell = min(cells, key=lambda cell: _share(cell, measure))
    return cell.at(_share(cell, measure))


def _opening(findings: tuple[Finding, ...], worst: dict[str, Worst], noun: str) -> list[str]:
    if findings:
        return [finding.text for finding in findings]
    if not worst:
        return [f"Whether the {noun}s look like real ones could not be measured."]
    coverage, precision = worst["coverage"], worst["precision"]
    return [
        f"No fault was found. At worst, {noun}s of {coverage.name} {coverage.where} cover "
        f"{_percent(coverage.value)} of the real variety,",
        f"those of {precision.name} {precision.where} have {_percent(precision.value)} of the precision of real ones.",
    ]


def _extent(n_measured: int, n_cells: int, n_together: int, n_rests: int, noun: str) -> str:
    """What was measured: cells of one class each, and for each part of the range those with few real images as one."""
    if n_measured == n_cells:
        return f"All {n_cells} classes and parts of the range were measured."
    few = f"the others have too few real {noun}s, for which {FEWEST} are needed on each side"
    as_one = f", and were measured as one in {n_together} of {n_rests} parts" if n_together else ""
    return f"Measured: {n_measured} of {n_cells} classes and parts of the range; {few}{as_one}."


def _about(worst: _Cell, noun: str, says: str, failing: list[_Cell], measured: list[_Cell]) -> str:
    """A sentence of the worst class and bin, and of how many more there are."""
    where = _where(worst.part.low, worst.part.high, worst.is_certain)
    more = len(failing) - 1
    too = f" (also in {more} more of {len(measured)} classes and parts of the range)" if more else ""
    return f"{where[0].upper()}{where[1:]}, {noun}s of {worst.name} {says}{too}."


def _where(low: float, high: float, is_certain: bool) -> str:
    return "at the certain end" if is_certain else f"at scores from {low:.2g} to {high:.2g}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
