"""``python -m uqgen.planted run=DIR``: does the explanation find weaknesses that are known? One generator for all."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from uqgen.config import plain, run_command
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
    planted, folder = PlantedSettings(**chosen), RunFolder(Path(settings["run"]))
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
    from uqgen.planted.bench import Bench, worlds
    from uqgen.planted.clean_attributes import clean_attributes
    from uqgen.run import load_run, permissions

    logging.getLogger("uqgen").setLevel(logging.INFO)
    run = load_run(folder, **permissions(settings))
    require(run.experiment.data.is_image, "run", folder.path, "a run of images")
    own = folder.read_settings()
    clean = build({**folder.with_copies(own), "data": {**own["data"], "corruption": None}}).data
    clean.setup()
    data = {split: getattr(run.experiment.data, split) for split in SPLITS}
    n_train = planted.n_train + planted.n_find
    data["train"] = data["train"].subset(slice(n_train))
    attributes = clean_attributes({split: getattr(clean, split).x[: len(data[split])] for split in SPLITS}, place)
    parts = worlds(data, attributes, planted.n_train, planted.n_find)
    model, score = run.model, run.experiment.score
    return Bench(*parts, run.experiment.data.n_classes, model, score, place, planted)


if __name__ == "__main__":
    run_command("planted", main)
