"""The faults of a generator: one rule for each, with its limit, and the sentence that names it.

Every limit stands here, most of them relative to what real images reach. A class and bin is named only where the whole
95 % interval is beyond the limit, since the worst of many is partly bad luck. Wrong class, local sensitivity, judges
and memorisation compare the value itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from uqgen.evaluation.cells import Cell, least, measured_of, percent, together
from uqgen.evaluation.clusters import clusters_of
from uqgen.evaluation.controls import Controls, share_seen
from uqgen.evaluation.manifold import Manifold
from uqgen.metrics.attribute_differences import AttributeDifferences
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.in_vs_out import InVsOut
from uqgen.metrics.local_sensitivity import LocalSensitivity
from uqgen.metrics.memorisation import Memorisation
from uqgen.metrics.share_ratio import ShareRatio
from uqgen.metrics.two_sample import TwoSample
from uqgen.score_texts import score_texts

COLLAPSE, UNREALISTIC = "collapse", "unrealistic"
WRONG_SCORE, WRONG_CLASS = "wrong score", "wrong class"
ADVERSARIAL, MEMORISATION = "adversarial", "memorisation"
WRONG_SHARES, ISOLATED_PIXELS = "wrong shares", "isolated pixels"
TOLD_APART = "told apart"
OTHER_ATTRIBUTES = "attributes"
IN_APPEARANCE = {  # faults, named as what is compared
    "detail": " in fine detail: the rest have blur, noise or haze, or places of it, that no real image has",
    "texture": " in texture: the rest are speckled, streaked, or otherwise rougher or smoother than any real image",
}
MOST_OFF = 2.0  # times as many, or as few, images as real ones in a cluster, with an isolated pixel, or surely told,
LEAST_OFF = 0.03  # where that makes a difference of as much of the images
MOST_DIFFERENT = 0.5  # standard deviations between means of an attribute in a class; Cohen (1988) calls it medium
MOST_TOLD = 0.85  # AUROC of a small network that learnt to tell generated from real images
LEAST = {"coverage": 0.75, "recall": 0.5, "precision": 0.75}  # of a class and bin, as shares of the floor
LEAST_TOGETHER = 0.95  # precision of all of them, where a flaw shows that a few images of each have
LEAST_IN_CLUSTER = 0.9  # precision in a cluster, where a flaw shows that one kind of image has, such as blurred ones,
LEAST_OUTSIDE = 0.01  # where as much of the images lie there among no real ones, beyond as many as of real images
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


def find_faults(
    manifold: Manifold,
    appearance: Mapping[str, Manifold],
    controls: Controls,
    uniform: InVsOut,
    middle: float,
    noun: str,
) -> tuple[Finding, ...]:
    """Applies every rule; see `judge_generator` for what they look at.

    `middle`: mean absolute error of always achieving the middle of the range under the uniform protocol.
    """
    measured = measured_of(manifold)
    findings = [
        _collapse(measured, noun),
        _imprecise(measured, noun, UNREALISTIC, f": the rest look like no real {noun}"),
        *(_imprecise_looks(found, noun, name) for name, found in appearance.items()),
        _wrong_shares({"": manifold, **{f" in {name}": found for name, found in appearance.items()}}, noun),
        _isolated(controls.isolated_pixels, noun),
        _other_attributes(controls.attributes, noun),
        _told_apart(controls.two_sample, noun),
        _wrong_score(measured, uniform, middle, noun),
        _wrong_class(controls.matched_real.class_agreement_gap, noun),
        _sensitive(controls.local_sensitivity, noun),
        _unseen(controls, uniform),
        _memorisation(controls.memorisation, noun),
    ]
    return tuple(finding for finding in findings if finding is not None)


def _fails(cell: Cell, measure: str) -> bool:
    return cell.share(measure, "high") < LEAST[measure]


def _collapse(measured: list[Cell], noun: str) -> Finding | None:
    """Where generated images lie among the real ones, and yet leave them uncovered; or real ones not among them."""
    failing = [
        cell
        for cell in measured
        if _fails(cell, "recall") or (_fails(cell, "coverage") and not _fails(cell, "precision"))
    ]
    if not failing:
        return None
    worst = least(failing, lambda cell: cell.share("coverage"))
    shares = [percent(worst.share(measure)) for measure in ("coverage", "recall")]
    says = f"cover {shares[0]} of the real variety, with {shares[1]} of the recall of real ones"
    return Finding(COLLAPSE, _about(worst, noun, says, failing, measured))


def _imprecise(cells: list[Cell], noun: str, what: str, says: str) -> Finding | None:
    """Too few generated images lie among the real ones, in a class and bin or in all; `says` is what the rest are."""
    return _imprecise_in_cell(cells, noun, what, says) or _imprecise_together(cells, noun, what, says)


def _imprecise_looks(found: Manifold, noun: str, what: str) -> Finding | None:
    """The same of fine detail or texture; and of a kind of image, such as blurred ones, whatever their class."""
    cells, says = measured_of(found), IN_APPEARANCE[what]
    of_all = _imprecise(cells, noun, what, says)
    of_kind = _imprecise_in_cluster(found, noun, says.partition(":")[0] if of_all else says)  # what the rest are, once
    texts = ([of_all.text] if of_all else []) + ([of_kind] if of_kind else [])
    return Finding(what, " ".join(texts)) if texts else None


def _imprecise_in_cell(cells: list[Cell], noun: str, what: str, says: str) -> Finding | None:
    failing = [cell for cell in cells if _fails(cell, "precision")]
    if not failing:
        return None
    worst = least(failing, lambda cell: cell.share("precision"))
    precision = f"have {percent(worst.share('precision'))} of the precision of real ones"
    return Finding(what, _about(worst, noun, f"{precision}{says}", failing, cells))


def _imprecise_in_cluster(found: Manifold, noun: str, says: str) -> str | None:
    """Of the cluster with the most images that lie among no real ones, beyond as many as of real images."""
    clusters = [(each, each.found.precision.ratio) for each in clusters_of(found) if each.found.precision]
    failing = [
        (each, ratio)
        for each, ratio in clusters
        if ratio.high < LEAST_IN_CLUSTER and each.found.excess_outside >= LEAST_OUTSIDE
    ]
    if not failing:
        return None
    worst, ratio = max(failing, key=lambda both: both[0].found.excess_outside)
    named = (
        f"{noun}s nearest to real ones with {worst.detail} ({percent(worst.found.share.generated)} of those made there)"
    )
    extent = f" (also in {len(failing) - 1} more of {len(clusters)} clusters)" if len(failing) > 1 else ""
    precision = f"{percent(ratio.value)} of the precision of real ones"
    return f"{_sentence_case(worst.where)}, {named} have {precision}{says}{extent}."


def _imprecise_together(cells: list[Cell], noun: str, what: str, says: str) -> Finding | None:
    if not cells or not (found := together(cells, "precision")).high < LEAST_TOGETHER:
        return None
    precision = f"{percent(found.value)} of the precision of real ones"
    return Finding(what, f"In all classes and parts of the range together, {noun}s have {precision}{says}.")


def _wrong_shares(manifolds: Mapping[str, Manifold], noun: str) -> Finding | None:
    """Clusters that are too large or too small; each key says in what the members of a cluster are alike."""
    clusters = [cluster for alike, found in manifolds.items() for cluster in clusters_of(found, alike)]
    failing = [each for each in clusters if _is_off(each.found.share)]
    if not failing:
        return None
    worst = max(failing, key=lambda each: abs(each.found.share.real - each.found.share.generated))
    share = worst.found.share
    what = f"a cluster of {noun}s that are alike{worst.alike} holds {percent(share.real)} of the real ones and "
    text = f"{_sentence_case(worst.where)}, {what}{percent(share.generated)} of the generated ones"
    extent = f"{len(failing)} of {len(clusters)} clusters are less than half or more than twice as large"
    return Finding(WRONG_SHARES, f"{text} ({extent}).")


def _is_off(found: ShareRatio) -> bool:
    """Whether the whole interval of the ratio lies beyond a limit, and one would see it."""
    is_beyond = found.ratio.high < 1 / MOST_OFF or found.ratio.low > MOST_OFF
    return is_beyond and abs(found.real - found.generated) >= LEAST_OFF


def _is_more(found: ShareRatio) -> bool:
    return found.generated > found.real and _is_off(found)


def _isolated(found: ShareRatio | None, noun: str) -> Finding | None:
    if found is None or not _is_more(found):
        return None
    text = f"{percent(found.generated)} of the generated {noun}s with a black or white ground have a pixel on it that "
    return Finding(ISOLATED_PIXELS, f"{text}differs from all around it, of the real ones {100 * found.real:.1f} %.")


def _other_attributes(found: AttributeDifferences | None, noun: str) -> Finding | None:
    """Of an attribute in a class, where the difference is above what training images have, too."""
    if found is None:
        return None
    failing = [each for each in found.each if _is_different(each.difference) and each.size > found.floor]
    if not failing:
        return None
    worst, more = failing[0], len(failing) - 1
    where = {"certain": "at the certain end", "below": "below the certain end"}[worst.part]
    side = "more" if worst.difference.value > 0 else "less"
    text = f'{_sentence_case(where)}, the attribute "{worst.attribute}" of {noun}s of class {worst.class_name} is '
    text += f"{worst.generated:.3g} in the mean ({worst.unit}), that of real ones {worst.real:.3g}: "
    text += f"{worst.size:.1f} standard deviations {side}"
    too = f" (also {more} more of {len(found.each)} attributes, classes and parts of the range)" if more else ""
    return Finding(OTHER_ATTRIBUTES, f"{text}{too}.")


def _is_different(found: Estimate) -> bool:
    return found.low > MOST_DIFFERENT or found.high < -MOST_DIFFERENT


def _told_apart(found: TwoSample | None, noun: str) -> Finding | None:
    if found is None or not (found.auroc.low > MOST_TOLD or _is_more(found.sure)):
        return None
    share, sure = percent(found.auroc.value), percent(found.sure.generated)
    text = f"A small network learns which {noun}s are generated: of a generated and a real one that are new to it, it "
    text += f"finds the generated one in {share} of the pairs (chance is 50 %), and it tells {sure} of the generated "
    return Finding(TOLD_APART, f"{text}ones as surely as 1 % of real ones.")


def _wrong_score(measured: list[Cell], uniform: InVsOut, middle: float, noun: str) -> Finding | None:
    """Of a class and bin, or, where there are too few real images to look at each, of all requests."""
    failing = [cell for cell in measured if cell.error("low") > MOST_ERROR * middle]
    if not failing and not uniform.mae.low > MOST_ERROR * middle:
        return None
    worst = max(failing, key=Cell.error, default=None)
    missed_by = worst.error() if worst else uniform.mae.value
    missed, by_middle = score_texts([missed_by, middle], within=[0, 4 * middle], aligned=True)
    says = f"miss the requested score by {missed} on average"
    says += f"; always achieving the middle of the range would miss it by {by_middle}"
    text = _about(worst, noun, says, failing, measured) if worst else f"Requested uniformly, {noun}s {says}."
    return Finding(WRONG_SCORE, text)


def _wrong_class(gaps: dict[str, float], noun: str) -> Finding | None:
    """`gaps`: for each protocol, class agreement less that of real images of the same scores."""
    protocol = least(gaps, lambda name: gaps[name])
    if not gaps[protocol] < -MOST_LOST:
        return None
    how = {"data": "as in the data", "uniform": "uniformly"}[protocol]
    text = f"Requested {how}, {noun}s are taken for another class more often than real ones of the same scores"
    return Finding(WRONG_CLASS, f"{text}, by {-100 * gaps[protocol]:.0f} percentage points.")


def _sensitive(local_sensitivity: LocalSensitivity, noun: str) -> Finding | None:
    ratios = {"a little noise": local_sensitivity.noise.ratio}
    if local_sensitivity.shift is not None:
        ratios["a shift by one pixel"] = local_sensitivity.shift.ratio
    change = least(ratios, lambda name: -ratios[name])
    value = ratios[change]
    if not value > MOST_SENSITIVE:
        return None
    text = f"Under {change} the scores of generated {noun}s change {value:.1f} times as much as those of real ones"
    return Finding(ADVERSARIAL, f"{text}: they hold for this one rendering.")


def _unseen(controls: Controls, uniform: InVsOut) -> Finding | None:
    judged = controls.matched_real.judges_pearson.values()
    if not judged:
        return None
    ours, real = (float(np.mean([getattr(each, side) for each in judged])) for side in ("generated", "real"))
    value = share_seen(ours, real, uniform.pearson.value)
    if not (real >= LEAST_AGREEMENT and uniform.pearson.value >= LEAST_AGREEMENT and value < LEAST_JUDGED):
        return None
    text = f"Judges see {percent(max(value, 0))} of the uncertainty that they would see in real data"
    return Finding(ADVERSARIAL, f"{text}: only this classifier sees the rest.")


def _memorisation(found: Memorisation, noun: str) -> Finding | None:
    if not found.share > MOST_MEMORISED:
        return None
    text = (
        f"{percent(found.share)} of the generated {noun}s are nearer to a training {noun} than unseen real ones nearly"
    )
    return Finding(MEMORISATION, f"{text} ever are: they are memorised.")


def _about(worst: Cell, noun: str, says: str, failing: list[Cell], measured: list[Cell]) -> str:
    """A sentence of the worst class and bin, and of how many more there are."""
    more = len(failing) - 1
    too = f" (also in {more} more of {len(measured)} classes and parts of the range)" if more else ""
    return f"{_sentence_case(worst.where)}, {noun}s of {worst.name} {says}{too}."


def _sentence_case(words: str) -> str:
    return words[0].upper() + words[1:]
