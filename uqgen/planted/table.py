"""The benchmark's outcomes, read again, and its tables: planted.json and planted.md."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from uqgen.comparison.tables import markdown_row
from uqgen.files import read_json, write_atomically
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.plain import as_plain
from uqgen.planted.outcome import Attributes, Judged, Outcome
from uqgen.planted.rows import FIRST, PURE, SOUND, AttributeRow, MethodRow, attribute_rows, by_kind, rows_of
from uqgen.run_folder import Plain
from uqgen.settings import require

OURS, BEST_RANKING = "slices", "real images: shares of the difference to judges"
OF_METHOD = ("method", "found", "precision at 10", "recall", "median place where found", "false alarms")
OF_ATTRIBUTE = ("attributes of the suspected class", "first", "among the first three", "median place where found",
                "among the first three with a sound classifier")  # fmt: skip
OF_KIND = ("weakness", "class, by seed", "images", "error rate in it", "elsewhere", "place with slices", "attribute",
           "its place by the difference to judges")  # fmt: skip


def read_outcomes(folder: Path) -> list[Outcome]:
    """Every job in the folder that is done.

    Raises:
        SettingError: one was done by an earlier version.
    """
    done = [read_json(path, "folder") for path in sorted(folder.glob("*,seed=*.json"))]
    of_now = all("attributes" in plain for plain in done)
    require(of_now, "folder", folder, "a new folder; in this one an earlier version measured otherwise")
    return [_read(plain) for plain in done]


def write_table(outcomes: Sequence[Outcome], folder: Path) -> float:
    """Writes planted.json and planted.md; returns the share of weaknesses that ours finds."""
    rows, attributes, kinds = rows_of(outcomes), attribute_rows(outcomes), by_kind(outcomes)
    found = {"methods": rows, "attributes": attributes, "kinds": kinds, "first": FIRST, "pure": PURE}
    write_atomically(folder / "planted.json", json.dumps(as_plain(found), indent=1).encode())
    tables = [
        _table(OF_METHOD, [_method_cells(row) for row in rows]),
        _table(OF_ATTRIBUTE, [_attribute_cells(row) for row in attributes]),
        _table(OF_KIND, [_kind_cells(kind, jobs) for kind, jobs in kinds.items()]),
    ]
    write_atomically(folder / "planted.md", "\n\n".join([_caption(outcomes), *tables, ""]).encode())
    return next((row.found.value for row in rows if row.name == OURS), float("nan"))


def _caption(outcomes: Sequence[Outcome]) -> str:
    planted, sound = (sum((outcome.kind == SOUND) == is_sound for outcome in outcomes) for is_sound in (False, True))
    weak = sum(outcome.is_weak for outcome in outcomes)
    return (
        f"{weak} classifiers are weak where it was planted, {planted - weak} are not, and do not count; {sound} are "
        f"sound. Found: one of the first {FIRST} slices that a method stands by has a precision at 10 of {PURE} or "
        "more. An attribute is the planted one if that is the name that fits it best. In brackets, 95 % intervals."
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(markdown_row(cells) for cells in (head, ["---"] * len(head), *rows))


def _method_cells(row: MethodRow) -> list[str]:
    estimates = [_text(each) for each in (row.found, row.precision_at_10, row.recall)]
    return [row.name, *estimates, _place(row.rank), _text(row.false_alarms)]


def _attribute_cells(row: AttributeRow) -> list[str]:
    return [row.name, _text(row.first), _text(row.among_first), _place(row.rank), _text(row.sound)]


def _kind_cells(kind: str, jobs: Sequence[Plain]) -> list[str]:
    return [
        kind.replace("_", " "),
        ", ".join(str(job["label"]) for job in jobs),
        ", ".join(f"{job['n']:,}" for job in jobs),
        ", ".join(f"{job['error_inside']:.2f}" for job in jobs),
        ", ".join(f"{job['error_outside']:.2f}" for job in jobs),
        ", ".join(_found(job, job["rank"].get(OURS)) for job in jobs),
        jobs[0]["attribute"] or "",
        ", ".join(_found(job, job["attribute_rank"].get(BEST_RANKING)) for job in jobs if job["attribute"]),
    ]


def _found(job: Plain, rank: int | None) -> str:
    return str(rank or "not found") if job["is_weak"] else "not weak"


def _place(rank: float) -> str:
    return "" if math.isnan(rank) else f"{rank:.0f}"


def _text(estimate: Estimate) -> str:
    if np.isnan(estimate.value):
        return ""
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def _read(plain: Plain) -> Outcome:
    def known(values: Plain) -> Plain:
        return {name: np.nan if value is None else value for name, value in values.items()}

    methods = {name: [Judged(**known(each)) for each in slices] for name, slices in plain["methods"].items()}
    return Outcome(**{**known(plain), "methods": methods, "attributes": _attributes(plain["attributes"])})


def _attributes(plain: Plain | None) -> Attributes | None:
    if plain is None:
        return None
    weak, sound = (
        {ranking: tuple(map(tuple, names)) for ranking, names in plain[name].items()} for name in ("weak", "sound")
    )
    return Attributes(plain["label"], weak, sound)
