"""One training, in one folder, with everything needed to reload it."""

import json
import secrets
import traceback
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from uqgen.file_names import within_file_name
from uqgen.files import read_json, write_atomically
from uqgen.old_names import RESULTS, SETTINGS, moved, renamed
from uqgen.run_lock import HOLDER, LOCK, hold
from uqgen.settings import ExplainedError, SettingError, require

Plain = dict[str, Any]

# What a run can be resumed with although it differs: where things lie, what it runs on and how often it reports.
FREE = (
    "run",
    "cache",
    "data.folder",
    "data.cache",
    "intervals",
    "callbacks.progress",
    "logger",
    "group",
    "choices",
    "overrides",
    "allow_changed",
)
# Of the flags of Lightning's Trainer those that change no result; precision, limits and the like do.
FREE_OF_TRAINER = (
    "_partial_",
    "_target_",
    "accelerator",
    "barebones",
    "default_root_dir",
    "detect_anomaly",
    "devices",
    "enable_autolog_hparams",
    "enable_checkpointing",
    "enable_model_summary",
    "enable_progress_bar",
    "log_every_n_steps",
    "logger",
    "num_nodes",
    "num_sanity_val_steps",
    "profiler",
    "strategy",
    "use_distributed_sampler",
)
PRECISION = "trainer.precision"  # open in runs of earlier versions

COPIES = {"classifier": "target.pt", "judge": "judge-1.pt"}  # of a classifier and of the judge, where it is one


@dataclass(frozen=True)
class RunFolder:
    """The files of a run.

    Attributes:
        path: the folder.
        variant: of what is written of the trained run, such as "n_images=50000": results.json and the like get it in
            their names; empty for the run's own settings.
    """

    path: Path
    variant: str = ""

    @property
    def settings(self) -> Path:
        """The composed settings."""
        return self.path / "config.json"

    @property
    def classifiers(self) -> Path:
        """The target and the judges."""
        return self.path / "classifiers"

    @property
    def data_fingerprint(self) -> Path:
        """Which images each split held when the run was started."""
        return self.path / "data_fingerprint.pt"

    @property
    def classifiers_fingerprint(self) -> Path:
        """The digests of the target's, the judges' and the surrogates' weights."""
        return self.classifiers / "fingerprint.json"

    @property
    def features(self) -> Path:
        """What images are compared in, where that was trained on them."""
        return self.path / "features.pt"

    @property
    def training(self) -> Path:
        """Checkpoint and history of the model."""
        return self.path / "training"

    @property
    def checkpoint(self) -> Path:
        """The state of the model's training."""
        return self.training / "last.ckpt"

    @property
    def samples(self) -> Path:
        """Grids of samples, drawn during the training."""
        return self.path / "samples"

    @property
    def figures(self) -> Path:
        """The figures of the report."""
        return self._of_variant("figures")

    @property
    def results(self) -> Path:
        """All numbers of the evaluation."""
        return self._of_variant("results", ".json")

    @property
    def report(self) -> Path:
        """The page."""
        return self._of_variant("report", ".html")

    @property
    def explanation(self) -> Path:
        """What `uqgen.explain` leaves."""
        return self._of_variant("explanation")

    def look(self, split: str, n: int, seed: int) -> Path:
        """The page that asks a person which of n real and n generated images are real."""
        return self.path / f"look-{split}-{n}-{seed}.html"

    @property
    def error(self) -> Path:
        """Why the last try failed, where it did: a message of one line and the traceback."""
        return self.path / "error.json"

    @property
    def evaluations(self) -> Path:
        """The main numbers as the training went."""
        return self.training / "evaluations.csv"

    def varied(self, changes: Plain) -> "RunFolder":
        """The same run, for the results of other settings than its own, or than those of an earlier time.

        Args:
            changes: these settings.
        """
        variant = ",".join(f"{name}={value}" for name, value in sorted(changes.items()))
        return replace(self, variant=within_file_name(variant))

    def _of_variant(self, name: str, ending: str = "") -> Path:
        return self.path / (f"{name}-{self.variant}{ending}" if self.variant else f"{name}{ending}")

    def tracking_id(self) -> str:
        """A name for this run elsewhere that it keeps when it is resumed: 8 random hexadecimal digits."""
        path = self.path / "tracking_id"
        if not path.exists():
            write_atomically(path, secrets.token_hex(4).encode())
        return path.read_text()

    def with_copies(self, settings: Plain) -> Plain:
        """The settings with the run's copies of weights in place of the files that were named, which may be gone.

        Raises:
            SettingError: a classifier that is a program is gone; its copy is not run unasked.
        """
        found = dict(settings)
        for kind, name in COPIES.items():
            given, copy = settings[kind], self.classifiers / name
            if copy.exists() and given.get("checkpoint") is not None:
                found[kind] = {**given, "checkpoint": str(copy)}
            elif copy.exists() and "file" in given and not Path(given["file"]).exists():
                allowed = f"an existing file; {copy} is a copy, but a program: put it there if you trust it"
                raise SettingError(f"{kind}.file", given["file"], allowed)
        return found

    def open(self, settings: Plain) -> None:
        """Starts a run with these settings, or takes up the one that was started with them.

        One that did not get as far as its data is started anew: what was refused there may be set right.

        Raises:
            SettingError: the folder holds something else, or a run with other settings.
        """
        self.error.unlink(missing_ok=True)
        if self.has_begun:
            refuse_difference(self.read_settings(), settings, self.path)
        else:
            self.refuse_others_files()
            self.write(self.settings, settings)

    @property
    def has_begun(self) -> bool:
        """Whether it was started, and its data were accepted."""
        later = (self.data_fingerprint, self.checkpoint, self.results)
        return self.settings.exists() and any(path.exists() for path in later)

    def held(self) -> AbstractContextManager[None]:
        """No other process writes to the run within the block.

        Raises:
            SettingError: the folder holds something else, or another process holds the run.
        """
        self.refuse_others_files()
        return hold(self.path)

    def refuse_others_files(self) -> None:
        """Raises a `SettingError` if the folder holds something else than a run."""
        require(not self.path.is_file(), "run", self.path, "a folder, not a file")
        found = {path.name for path in self.path.iterdir()} if self.path.exists() else set()
        is_free = self.settings.exists() or found <= {LOCK, HOLDER, self.error.name}  # of a job that was refused
        require(is_free, "run", self.path, "a new or an empty folder, or that of a run to resume")

    def read_settings(self) -> Plain:
        """The settings the run was started with.

        Raises:
            SettingError: there is no run in this folder.
        """
        if not self.settings.exists():
            raise SettingError("run", self.path, f"the folder of a run (with {self.settings.name} in it)")
        return moved(renamed(read_json(self.settings, "run"), SETTINGS))

    def read_results(self) -> Plain:
        """All numbers of the evaluation, of a complete run."""
        return renamed(read_json(self.results, "run"), RESULTS)

    @property
    def was_evaluated(self) -> bool:
        """Whether its training has ended and was evaluated."""
        return replace(self, variant="").results.exists()

    def surrogate(self, number: int) -> Path:
        """The weights of a surrogate, counted from 1; earlier versions called it a sibling."""
        old = self.classifiers / f"sibling-{number}.pt"
        return old if old.exists() else self.classifiers / f"surrogate-{number}.pt"

    def headline(self) -> float:
        """Mean absolute error of the achieved scores under the uniform protocol, of a complete run."""
        return self.read_results()["in_vs_out"]["uniform"]["mae"]["value"]

    def fail(self, error: BaseException) -> str:
        """Leaves word of why the run ended; returns it in one line."""
        message = (
            " ".join(str(error).split()) if isinstance(error, ExplainedError) else f"{type(error).__name__}: {error}"
        )
        message = message.splitlines()[0]
        self.write(self.error, {"message": message, "traceback": "".join(traceback.format_exception(error))})
        return message

    def write(self, path: Path, content: Plain) -> None:
        """Writes plain values as JSON, whole or not at all."""
        write_atomically(path, (json.dumps(content, indent=2) + "\n").encode())


def is_free(key: str) -> bool:
    """Whether a setting, by its dotted name, may differ in a run that goes on, and is left out of a sweep's name."""
    if key == "trainer":  # the group; what it sets is not
        return True
    free = (*FREE, *(f"trainer.{name}" for name in FREE_OF_TRAINER))
    return any(key == name or key.startswith(f"{name}.") for name in free)


def refuse_difference(old: Plain, new: Plain, path: Path) -> None:
    """Raises a `SettingError` for the first setting whose value would change a run that was started already."""
    before, after = flatten(old), flatten(new)
    for key in sorted(before.keys() | after.keys()):
        was_open = key == PRECISION and before.get(key) == "auto"
        if before.get(key) != after.get(key) and not (is_free(key) or was_open):
            raise SettingError(key, after.get(key), f"{before.get(key)}, as {path} was started with; or another run=")


def flatten(settings: Plain, prefix: str = "") -> Plain:
    """Nested settings as one level, with dotted names."""
    flat: Plain = {}
    for key, value in settings.items():
        name = f"{prefix}{key}"
        flat |= flatten(value, f"{name}.") if isinstance(value, dict) and value else {name: value}
    return flat
