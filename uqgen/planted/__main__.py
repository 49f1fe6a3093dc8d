"""``python -m uqgen.planted run=DIR``: does the explanation find weaknesses that are known? One generator for all."""

import hashlib
import logging
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from uqgen.config import make_under, plain, run_command
from uqgen.run_folder import RunFolder
from uqgen.settings import require

if TYPE_CHECKING:
    from uqgen.planted.bench import Bench
    from uqgen.planted.planted_settings import PlantedSettings


def main(cfg: DictConfig) -> float:
    """Does the jobs that are not done yet, and writes the table of all; returns the share of weaknesses found."""
    from uqgen.planted.planted_settings import PlantedSettings  # slow imports, which --help need not wait for
    from uqgen.planted.table import read_outcomes, write_table

    settings = plain(cfg)
    chosen = {name: value for name, value in settings["planted"].items() if value is not None}
    planted = make_under("planted", lambda: PlantedSettings(**chosen))
    folder = RunFolder(Path(settings["run"]))
    folder.read_settings()
    place = Path(settings["folder"])
    place.mkdir(parents=True, exist_ok=True)
    read_outcomes(place)  # refuses those of an earlier version, before anything is measured
    bench = _bench(folder, place, planted, settings)
    for kind, seed in planted.jobs:
        bench.run(kind, seed)
    return write_table(read_outcomes(place), place)


def _bench(folder: RunFolder, place: Path, planted: "PlantedSettings", settings: dict[str, Any]) -> "Bench":
    from uqgen.config import build
    from uqgen.data.datamodule import SPLITS
    from uqgen.planted.bench import MEASURED, Bench, split_images
    from uqgen.planted.clean_attributes import clean_attributes, uncorrupted
    from uqgen.run_loading import load_run, permissions

    logging.getLogger("uqgen").setLevel(logging.INFO)
    run = load_run(folder, **permissions(settings))
    require(run.experiment.data.is_image, "run", folder.path, "a run of images")
    score = run.experiment.score
    needs_more = any(each.needs_members or each.adapt for each in (score, score.second) if each is not None)
    require(not needs_more, "run", folder.path, f"one whose score needs a network's logits alone, not {score.name}")
    own = folder.read_settings()
    without = {**folder.with_copies(own), "data": {**own["data"], "corruption": None}}
    clean = uncorrupted(run.experiment.data, own["data"], lambda: build(without).data)
    identity = asdict(planted) | {"measured": MEASURED, "data": run.experiment.roles.data_identity, "score": score.name}
    _refuse_another(place, identity | {"model": hashlib.sha256(folder.checkpoint.read_bytes()).hexdigest()})
    data = {split: getattr(run.experiment.data, split) for split in SPLITS}
    n_train = planted.n_train + planted.n_find
    data["train"] = data["train"].subset(slice(n_train))
    attributes = clean_attributes({split: getattr(clean, split).x[: len(data[split])] for split in SPLITS}, place)
    parts = split_images(data, attributes, planted.n_train, planted.n_find)
    return Bench(*parts, run.experiment.data.n_classes, run.model, score, place, planted)


def _refuse_another(place: Path, identity: dict[str, Any]) -> None:
    """Keeps what all jobs of a folder have in common, and refuses a folder whose jobs have something else in common.

    Raises:
        SettingError: it is such a folder.
    """
    from uqgen.classifiers.recipe import identity_hash

    shared = {name: value for name, value in identity.items() if name not in ("kinds", "seeds", "n_sound")}
    kept, now = place / "identity.txt", identity_hash(shared)
    is_unknown = not kept.exists() and any(place.glob("*.pt"))  # an earlier version left this, of whatever run
    is_ours = not is_unknown and (not kept.exists() or kept.read_text() == now)
    require(is_ours, "folder", place, "a new folder: the jobs in this one are of another run, settings or version")
    kept.write_text(now)


if __name__ == "__main__":
    run_command("planted", main)
