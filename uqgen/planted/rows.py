"""What the benchmark's outcomes say of each method: how often it finds what was planted, and reports what was not."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from uqgen.metrics.bootstrap import Estimate, bootstrap_mean
from uqgen.metrics.wilson import wilson
from uqgen.planted.outcome import Judged, Outcome
from uqgen.planted.weaknesses import WEAKNESSES
from uqgen.run_folder import Plain

FIRST = 3  # slices, and attributes, that are looked at
PURE = 0.8  # precision at 10 from which on a slice is the planted one
N_RESAMPLES = 1_000
SOUND = "sound"


@dataclass(frozen=True)
class MethodRow:
    """One method over all classifiers.

    Attributes:
        name: of the method.
        found: share of weak classifiers, whose planted weakness shows in their errors, of which one of the first three
            slices that it stands by has a precision at 10 of 0.8 at least; with Wilson interval.
        precision_at_10, recall: the best precision at 10 among these three, and that slice's recall; means over
            weak classifiers, with bootstrap intervals.
        rank: median place of the planted slice where it is found at all.
        false_alarms: share of sound classifiers of which it stands by a slice; NaN without any.
    """

    name: str
    found: Estimate
    precision_at_10: Estimate
    recall: Estimate
    rank: float
    false_alarms: Estimate


@dataclass(frozen=True)
class AttributeRow:
    """Where one ranking has the planted attribute, over the weak classifiers whose weakness has one.

    Attributes:
        name: of the ranking.
        first, among_first: share of classifiers with it in the first place, and in the first three; with Wilson
            interval. In images of a class without the planted weakness nothing counts.
        rank: median place where it is found at all.
        sound: the same as `among_first`, of a sound classifier beside each, no two of them the same.
    """

    name: str
    first: Estimate
    among_first: Estimate
    rank: float
    sound: Estimate


def rows_of(outcomes: Sequence[Outcome]) -> list[MethodRow]:
    """One row a method, in their order."""
    names = list(dict.fromkeys(name for outcome in outcomes for name in outcome.methods))
    return [_row(name, outcomes) for name in names]


def rank_of(slices: Sequence[Judged]) -> int | None:
    """The place of the first slice that the method stands by and that is the planted one, from 1; None for nowhere."""
    reported = [each for each in slices if each.is_reported]
    return next((place for place, each in enumerate(reported, start=1) if each.precision_at_10 >= PURE), None)


def attribute_rows(outcomes: Sequence[Outcome]) -> list[AttributeRow]:
    """One row a ranking; empty where no weakness has an attribute."""
    those = [each for each in outcomes if each.is_weak and each.attributes and WEAKNESSES[each.kind].attribute]
    names = dict.fromkeys(name for each in those if each.attributes for name in each.attributes.weak)
    return [_attribute_row(name, those) for name in names]


def attribute_rank(outcome: Outcome, name: str, *, sound: bool = False) -> int | None:
    """The place of the first attribute whose best name is the planted one's, from 1; None for nowhere.

    Args:
        outcome: of a weakness that has an attribute.
        name: of the ranking.
        sound: whether the sound classifier's is meant.
    """
    if outcome.attributes is None or not outcome.is_there:
        return None
    ranked = (outcome.attributes.sound if sound else outcome.attributes.weak)[name]
    planted = WEAKNESSES[outcome.kind].attribute
    return next((place for place, names in enumerate(ranked, start=1) if names[:1] == (planted,)), None)


def by_kind(outcomes: Sequence[Outcome]) -> Plain:
    """For each kind, how weak the classifiers are and the place of the planted slice with each method, seed by seed."""
    kinds = list(dict.fromkeys(outcome.kind for outcome in outcomes if outcome.kind != SOUND))
    return {kind: [_of_job(outcome) for outcome in outcomes if outcome.kind == kind] for kind in kinds}


def _row(name: str, outcomes: Sequence[Outcome]) -> MethodRow:
    planted = [outcome.methods[name] for outcome in outcomes if outcome.is_weak]
    sound = [outcome.methods[name] for outcome in outcomes if outcome.kind == SOUND]
    ranks = [rank_of(slices) for slices in planted]
    places = [rank for rank in ranks if rank is not None]
    best = [_best(slices) for slices in planted]
    alarms = sum(any(each.is_reported for each in slices) for slices in sound)
    return MethodRow(
        name,
        _within(ranks, FIRST),
        _mean([each.precision_at_10 if each else 0.0 for each in best]),
        _mean([each.recall if each else 0.0 for each in best]),
        float(np.median(places)) if places else math.nan,
        wilson(alarms, len(sound)),
    )


def _attribute_row(name: str, outcomes: Sequence[Outcome]) -> AttributeRow:
    ranks, of_sound = ([attribute_rank(each, name, sound=sound) for each in outcomes] for sound in (False, True))
    places = [rank for rank in ranks if rank is not None]
    return AttributeRow(
        name,
        _within(ranks, 1),
        _within(ranks, FIRST),
        float(np.median(places)) if places else math.nan,
        _within(of_sound, FIRST),
    )


def _within(ranks: Sequence[int | None], most: int) -> Estimate:
    return wilson(sum(rank is not None and rank <= most for rank in ranks), len(ranks))


def _best(slices: Sequence[Judged]) -> Judged | None:
    """Of the first three that it stands by, the one with the highest precision at 10, and recall among equals."""
    first = [each for each in slices if each.is_reported][:FIRST]
    return max(first, key=lambda each: (each.precision_at_10, each.recall), default=None)


def _mean(values: list[float]) -> Estimate:
    if not values:
        return Estimate(np.nan, np.nan, np.nan)
    return bootstrap_mean(np.array(values), N_RESAMPLES)


def _of_job(outcome: Outcome) -> Plain:
    ranks = {name: rank_of(slices) for name, slices in outcome.methods.items()}
    named = WEAKNESSES[outcome.kind].attribute
    rankings = outcome.attributes.weak if outcome.attributes and named else ()
    return {"seed": outcome.seed, "label": outcome.label, "n": outcome.n_truth, "error_inside": outcome.error_inside,
            "error_outside": outcome.error_outside, "is_weak": outcome.is_weak, "rank": ranks, "attribute": named,
            "attribute_rank": {name: attribute_rank(outcome, name) for name in rankings}}  # fmt: skip
