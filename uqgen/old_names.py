"""Names of earlier versions: what their runs left is read under today's names, and a setting says its new one."""

from collections.abc import Mapping
from typing import Any

# The old path, to what its last part is called now.
SETTINGS = {
    "model.pull": "guidance_gradient",
    "enforcement.n_siblings": "n_surrogates",
    "evaluation.n_correction": "n_recalibration",
    "editing.n_pixel_steps": "n_baseline_steps",
}
SECTIONS = {"gan": "model"}  # whose settings mean what they meant, though no run of those versions is read
RESULTS = {
    "n_images_of_correction": "n_images_of_recalibration",
    "controls.copies": "memorisation",
    "controls.fragility": "local_sensitivity",
    "at_sampling.corrected": "recalibrated",
    "at_sampling.corrected_best_of": "recalibrated_best_of",
    "second_score.knobs": "disentanglement",
}
STRIPS = {"asked": "requested", "obtained": "achieved"}
MODULES = {
    "uqgen.conditioning.sampling": "uqgen.conditioning.drawn_conditions",
    "uqgen.evaluation.settings": "uqgen.evaluation.evaluation_settings",
    "uqgen.guidance.settings": "uqgen.guidance.guidance_settings",
    "uqgen.generators.callbacks.progress": "uqgen.fitting.progress",
}  # as `_target_` names what lies in them
CHOICES = {("enforcement", "siblings"): "surrogates", ("variant", "siblings"): "surrogates"}


def renamed(content: Mapping[str, Any], names: Mapping[str, str], within: str = "") -> dict[str, Any]:
    """The same content, in the same order, under today's names.

    Args:
        content: nested plain values.
        names: one of the tables above.
        within: the path of the content, with a dot behind it.

    Examples:
        >>> renamed({"controls": {"copies": 1, "gap": 2}}, RESULTS)
        {'controls': {'memorisation': 1, 'gap': 2}}
    """
    found = {}
    for key, value in content.items():
        path = f"{within}{key}"
        found[names.get(path, key)] = renamed(value, names, f"{path}.") if isinstance(value, dict) else value
    return found


def moved(content: Any) -> Any:
    """The same settings, whose `_target_` names where things lie today.

    Args:
        content: nested plain values.

    Examples:
        >>> moved({"_target_": "uqgen.evaluation.settings.EvaluationSettings", "n_bins": 20})
        {'_target_': 'uqgen.evaluation.evaluation_settings.EvaluationSettings', 'n_bins': 20}
    """
    if isinstance(content, Mapping):
        return {key: new_path(value) if key == "_target_" else moved(value) for key, value in content.items()}
    return [moved(each) for each in content] if isinstance(content, list) else content


def new_path(path: Any) -> Any:
    """Where what had this import path lies today; anything else as it is."""
    module, _, name = str(path).rpartition(".")
    return f"{MODULES[module]}.{name}" if module in MODULES else path


def new_setting(key: str) -> str | None:
    """What a setting of an earlier version is called now; None where it is none.

    Examples:
        >>> new_setting("model.pull.weight")
        'model.guidance_gradient.weight'
    """
    whole = {old: f"{old.rpartition('.')[0]}.{name}" for old, name in SETTINGS.items()}
    for old, new in {**whole, **SECTIONS}.items():
        if key == old or key.startswith(f"{old}."):
            return new + key.removeprefix(old)
    return None
