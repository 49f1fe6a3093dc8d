"""Command lines of runs on a little data."""

from pathlib import Path

FEW = [f"evaluation.{name}" for name in ("n_at_sampling=10", "n_recalibration=10", "n_by_strength=20")]


def overrides(experiment: str, folder: Path, mnist_folder: Path) -> list[str]:
    """Of an experiment whose run and cache lie in this folder."""
    fast = ["model.generator.channels=[16,16,16,16]", "model.resampling.candidates=2"]
    data = [f"data.folder={mnist_folder}", *fast] if experiment.startswith("mnist") else []
    run = [f"run={folder / experiment}", f"cache={folder / 'cache'}"]
    return [f"experiment={experiment}", "debug=seconds", "trainer=cpu", "logger=csv", *data, *run]
