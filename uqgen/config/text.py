"""Settings that are text are taken as they are typed: ``run=sweeps/x/seed=0,variant=paper``."""

from typing import Any

from uqgen.config.hydra_private import is_sweep_function, quoted, swept_values, value_of

TEXTS = (
    "run",
    "cache",
    "name",
    "group",
    "data.folder",
    "classifier.file",
    "classifier.checkpoint",
    "judge.file",
    "judge.checkpoint",
    "evaluation.weights",
    "logger.wandb.project",
    "logger.wandb.entity",
    "sweep",
    "page",
    "file",
    "export",
    "folder",
    "entity",
    "project",
    "hydra.sweep.dir",
)
LISTS = ("data.class_names", "sweeps")
IMAGES = ("image", "between")  # a file, or a position, which is a number; the latter a list of them
AS_IT_IS = ("", "null", "???")
YAML_WORDS = {True: "yes", False: "no"}  # YAML takes them for truth values


def as_typed(override: str, *, sweeps: bool = False) -> str:
    """What makes Hydra take a setting that is text as it was typed, where it would make something else of it.

    Text that is quoted or escaped for Hydra means what it means to Hydra.

    Args:
        override: of the command line.
        sweeps: whether several values may be given, with commas between them.
    """
    key, equals, text = override.partition("=")
    name = key.lstrip("+")
    if not equals or text in AS_IT_IS or name not in (*TEXTS, *LISTS, *IMAGES):
        return override
    kinds = (str, int) if name in IMAGES else (str,)
    if name not in TEXTS and text.startswith("[") and text.endswith("]"):
        return override if _all(value_of(text), kinds) else f"{key}=[{_each(text[1:-1], kinds)}]"
    if sweeps and (is_sweep_function(text) or _all(swept_values(text), kinds)):
        return override
    return f"{key}={_each(text, kinds) if sweeps else _one(text, kinds)}"


def with_texts(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings in which those that are text are, though YAML took them for numbers or truth values."""
    for name in (*TEXTS, *LISTS):
        *path, last = name.split(".")
        node: Any = settings
        for key in path:
            node = node.get(key) if isinstance(node, dict) else None
        if isinstance(node, dict) and last in node:
            value = node[last]
            node[last] = [_text(item) for item in value] if isinstance(value, list) else _text(value)
    return settings


def _all(values: Any, kinds: tuple[type, ...]) -> bool:
    """Whether these are values of these kinds."""
    return isinstance(values, list) and all(isinstance(v, kinds) and not isinstance(v, bool) for v in values)


def _each(texts: str, kinds: tuple[type, ...]) -> str:
    return ",".join(_one(text.strip(), kinds) for text in texts.split(","))


def _one(text: str, kinds: tuple[type, ...]) -> str:
    return text if _all([value_of(text)], kinds) else quoted(text)


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return YAML_WORDS[value]
    return str(value) if isinstance(value, int | float) else value
