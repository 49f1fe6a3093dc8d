"""From a run's folder to the `Run` that lies in it."""

from collections.abc import Mapping
from typing import Any

from uqgen.config import build, refuse_foreign_code
from uqgen.run import Run
from uqgen.run_folder import Plain, RunFolder
from uqgen.settings import SettingError, require, require_bool
from uqgen.tensor_files import load_tensors


def permissions(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a command's settings let `load_run` do."""
    return {name: settings[name] for name in ("allow_changed", "trust_code")}


def load_run(
    folder: RunFolder, evaluation: Plain | None = None, *, allow_changed: bool = False, trust_code: bool = False
) -> Run:
    """A trained run, from its folder.

    Args:
        folder: of the run.
        evaluation: settings of the evaluation that differ from those the run was started with; None: as they were.
        allow_changed: goes on where data or classifiers changed since the run was started, with the run's own split of
            the images that are still there.
        trust_code: whether code of others that the run names is run, where the run was not made here.

    Raises:
        SettingError: there is no run in the folder, its training is not complete, it names code of others, a setting is
            not allowed, or data or classifiers changed.
    """
    settings = folder.read_settings()
    require_bool("trust_code", trust_code)
    require_bool("allow_changed", allow_changed)
    if not trust_code:
        refuse_foreign_code(folder)
    trainer = _on_this_machine(settings["trainer"])
    settings |= {"callbacks": {}, "logger": {}, "trainer": trainer}  # of the training, which is over
    settings["evaluation"].update({key: value for key, value in (evaluation or {}).items() if value is not None})
    experiment = build({**folder.with_copies(settings), "allow_changed": allow_changed})
    if not folder.checkpoint.exists():
        raise SettingError("run", folder.path, "a run whose training began; python -m uqgen.train run=... resumes it")
    experiment.load_data(folder)
    classifiers = experiment.roles.obtain(folder)
    own = experiment.own_conditions(classifiers)
    model = experiment.build_model(own, classifiers)
    checkpoint = load_tensors(folder.checkpoint)
    n, n_most = checkpoint["n_images"], model.settings.n_images
    is_complete = n >= n_most or folder.was_evaluated  # which a callback may have ended early
    far = f"{n:,} of {n_most:,} images so far; python -m uqgen.train run=... resumes it"
    require(is_complete, "run", folder.path, f"a run whose training is complete ({far})")
    model.load_state_dict(checkpoint["state_dict"])
    model.n_images = n
    return Run(folder, experiment, classifiers, own, model.to(experiment.hardware.device()))


def _on_this_machine(trainer: dict[str, Any]) -> dict[str, Any]:
    """One device of what is here: a run of several GPUs is looked at without them."""
    kept = {key: value for key, value in trainer.items() if key in ("_target_", "_partial_", "precision")}
    accelerator = "cpu" if trainer.get("accelerator") == "cpu" else "auto"
    return {**kept, "accelerator": accelerator, "devices": 1, "num_nodes": 1}
