"""The table of the benchmark: how often each method finds what was planted, and reports what was not."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from uqgen.files import write_atomically
from uqgen.metrics.bootstrap import Estimate, bootstrap
from uqgen.metrics.plain import as_plain
from uqgen.metrics.wilson import wilson
from uqgen.planted.bench import Judged, Outcome
from uqgen.run_folder import Plain
from uqgen.settings import require

FIRST = 3  # slices that are looked at
PURE = 0.8  # precision at 10 from which on a slice is the planted one
N_RESAMPLES = 1_000
SOUND = "sound"
OURS = "slices"


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


def read_outcomes(folder: Path) -> list[Outcome]:
    """Every job in the folder that is done.

    Raises:
        SettingError: one was done by an earlier version.
    """
    done = [json.loads(path.read_text()) for path in sorted(folder.glob("*,seed=*.json"))]
    of_now = all("is_weak" in plain for plain in done)
    require(of_now, "folder", folder, "a new folder; in this one an earlier version measured otherwise")
    return [_read(plain) for plain in done]


def rows_of(outcomes: Sequence[Outcome]) -> list[MethodRow]:
    """One row a method, in their order."""
    names = list(dict.fromkeys(name for outcome in outcomes for name in outcome.methods))
    return [_row(name, outcomes) for name in names]


def rank_of(slices: Sequence[Judged]) -> int | None:
    """The place of the first slice that the method stands by and that is the planted one, from 1; None for nowhere."""
    reported = [each for each in slices if each.is_reported]
    return next((place for place, each in enumerate(reported, start=1) if each.precision_at_10 >= PURE), None)


def write_table(outcomes: Sequence[Outcome], folder: Path) -> float:
    """Writes planted.json and planted.md; returns the share of weaknesses that ours finds."""
    rows = rows_of(outcomes)
    found = {"methods": rows, "kinds": _by_kind(outcomes), "first": FIRST, "pure": PURE}
    write_atomically(folder / "planted.json", json.dumps(as_plain(found), indent=1).encode())
    write_atomically(folder / "planted.md", _markdown(rows, outcomes).encode())
    return next((row.found.value for row in rows if row.name == OURS), float("nan"))


def _row(name: str, outcomes: Sequence[Outcome]) -> MethodRow:
    planted = [outcome.methods[name] for outcome in outcomes if outcome.is_weak]
    sound = [outcome.methods[name] for outcome in outcomes if outcome.kind == SOUND]
    ranks = [rank_of(slices) for slices in planted]
    places = [rank for rank in ranks if rank is not None]
    best = [_best(slices) for slices in planted]
    alarms = sum(any(each.is_reported for each in slices) for slices in sound)
    return MethodRow(
        name,
        wilson(sum(rank is not None and rank <= FIRST for rank in ranks), len(ranks)),
        _mean([each.precision_at_10 if each else 0.0 for each in best]),
        _mean([each.recall if each else 0.0 for each in best]),
        float(np.median(places)) if places else math.nan,
        wilson(alarms, len(sound)),
    )


def _best(slices: Sequence[Judged]) -> Judged | None:
    """Of the first three that it stands by, the one with the highest precision at 10, and recall among equals."""
    first = [each for each in slices if each.is_reported][:FIRST]
    return max(first, key=lambda each: (each.precision_at_10, each.recall), default=None)


def _mean(values: list[float]) -> Estimate:
    if not values:
        return Estimate(np.nan, np.nan, np.nan)
    return bootstrap(lambda a: {"mean": a.mean(axis=-1)}, (np.array(values),), N_RESAMPLES)["mean"]


def _by_kind(outcomes: Sequence[Outcome]) -> Plain:
    """For each kind, how weak the classifiers are and the place of the planted slice with each method, seed by seed."""
    kinds = list(dict.fromkeys(outcome.kind for outcome in outcomes if outcome.kind != SOUND))
    return {kind: [_of_job(outcome) for outcome in outcomes if outcome.kind == kind] for kind in kinds}


def _of_job(outcome: Outcome) -> Plain:
    ranks = {name: rank_of(slices) for name, slices in outcome.methods.items()}
    return {"seed": outcome.seed, "label": outcome.label, "n": outcome.n_truth, "error_inside": outcome.error_inside,
            "error_outside": outcome.error_outside, "is_weak": outcome.is_weak, "rank": ranks}  # fmt: skip


def _markdown(rows: Sequence[MethodRow], outcomes: Sequence[Outcome]) -> str:
    planted, sound = (sum((outcome.kind == SOUND) == is_sound for outcome in outcomes) for is_sound in (False, True))
    weak = sum(outcome.is_weak for outcome in outcomes)
    lines = [
        f"{weak} classifiers are weak where it was planted, {planted - weak} are not, and do not count; {sound} are "
        f"sound. Found: one of the first {FIRST} slices that a method stands by has a precision at 10 of {PURE} or "
        "more. In brackets, 95 % intervals.",
        "",
        "| method | found | precision at 10 | recall | median place | false alarms |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| {row.name} | {_text(row.found)} | {_text(row.precision_at_10)} | {_text(row.recall)} | "
            f"{'' if math.isnan(row.rank) else f'{row.rank:.0f}'} | {_text(row.false_alarms)} |"
            for row in rows
        ),
        "",
        "| weakness | class, by seed | images | error rate in it | elsewhere | place with slices |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for kind, jobs in _by_kind(outcomes).items():
        cells = [
            ", ".join(str(job["label"]) for job in jobs),
            ", ".join(f"{job['n']:,}" for job in jobs),
            ", ".join(f"{job['error_inside']:.2f}" for job in jobs),
            ", ".join(f"{job['error_outside']:.2f}" for job in jobs),
            ", ".join(str(job["rank"].get(OURS) or "not found") if job["is_weak"] else "not weak" for job in jobs),
        ]
        lines.append(f"| {kind.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _text(estimate: Estimate) -> str:
    if np.isnan(estimate.value):
        return ""
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def _read(plain: Plain) -> Outcome:
    def known(values: Plain) -> Plain:
        return {name: np.nan if value is None else value for name, value in values.items()}

    methods = {name: [Judged(**known(each)) for each in slices] for name, slices in plain["methods"].items()}
    return Outcome(**{**known(plain), "methods": methods})
