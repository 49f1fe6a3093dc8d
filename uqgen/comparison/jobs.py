"""The jobs of a sweep, from the folders they left."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from uqgen.files import read_json, read_rows
from uqgen.run_folder import Plain, RunFolder
from uqgen.settings import require


class State(StrEnum):
    """How far a job came."""

    COMPLETE = "complete"
    FAILED = "failed"
    UNFINISHED = "unfinished"


@dataclass(frozen=True)
class Job:
    """One run of a sweep.

    Attributes:
        name: of its folder, relative to the sweep's: what varies in the sweep.
        variant: the name without the seed; the experiment's where nothing but the seed varies.
        seed: of the model's training; None where nothing tells.
        state: complete once it has results; else failed if its last try left an error, or unfinished.
        error: of a failed job, in one line.
        results: of a complete job, as results.json holds them; otherwise empty.
        validation: the main numbers at the end of a complete job's training, on few images that were requested as for
            the validation split, nested as in `results`; otherwise empty.
    """

    name: str
    variant: str
    seed: int | None
    state: State
    error: str = ""
    results: Plain = field(default_factory=dict, repr=False)
    validation: Plain = field(default_factory=dict, repr=False)


def collect_jobs(folder: Path) -> tuple[Job, ...]:
    """The jobs whose runs lie anywhere below a folder, by variant, then by seed; numbers in names count as numbers.

    Raises:
        SettingError: the folder does not exist, or no run lies below it.
    """
    files = [RunFolder(folder).settings.name, RunFolder(folder).error.name]
    paths = {path.parent for name in files for path in folder.rglob(name)} - {folder}
    require(len(paths) > 0, "sweep", folder, "the folder of a sweep, with the folder of a run for each job")
    runs = {path.relative_to(folder).as_posix(): RunFolder(path) for path in paths}
    settings = {name: _read(run.settings) for name, run in runs.items()}
    named = (some["name"] for some in settings.values() if "name" in some)
    experiment = next(named, folder.resolve().name)  # of a job that failed before it kept its settings
    jobs = [_job(name, run, {"name": experiment, **settings[name]}) for name, run in runs.items()]
    return tuple(sorted(jobs, key=_place))


def variant_name(name: str, experiment: str) -> str:
    """The name of a job's folder without what says its seed; the experiment's if nothing is left."""
    parts = [[item for item in part.split(",") if not item.startswith("seed=")] for part in name.split("/")]
    return "/".join(",".join(items) for items in parts if items) or experiment


def _job(name: str, run: RunFolder, settings: Plain) -> Job:
    error = _read(run.error)  # beside results, where figures or the report could not be written
    results = run.read_results() if run.results.exists() and not error else {}
    state = State.COMPLETE if results else State.FAILED if error else State.UNFINISHED
    message = error["message"] if state == State.FAILED else ""
    validation = last_evaluation(run.evaluations) if results else {}
    return Job(name, variant_name(name, settings["name"]), _seed(name, settings), state, message, results, validation)


def last_evaluation(path: Path) -> Plain:
    """The last row of a training's evaluations, nested as results.json is; nothing where there is none."""
    rows = read_rows(path)
    nested: Plain = {}
    for name, value in rows[-1].items() if rows else ():
        *parents, leaf = name.split("/")
        node = nested
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = value
    return nested


def _seed(name: str, settings: Plain) -> int | None:
    in_name = re.search(r"(?:^|[,/])seed=(-?\d+)(?=$|[,/])", name)
    return settings.get("seed", int(in_name[1]) if in_name else None)


def _read(path: Path) -> Plain:
    return read_json(path, "sweep") if path.exists() else {}


def _place(job: Job) -> tuple[Any, ...]:
    variant = [float(part) if at % 2 else part for at, part in enumerate(re.split(r"(\d+(?:\.\d+)?)", job.variant))]
    return variant, job.variant, job.seed is None, job.seed, job.name
