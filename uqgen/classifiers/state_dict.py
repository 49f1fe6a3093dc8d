"""State dicts as trainers wrap them: with a prefix, under a key, compiled, or all at once."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

COMPILED = "_orig_mod."  # what torch.compile puts into names
USUAL = ("", "state_dict", "model_state_dict", "model")  # where the weights are taken from if there are others, too
DEPTH = 2  # of dicts in a checkpoint


def unwrapped(content: Any, names: set[str]) -> Mapping[str, Tensor]:
    """The state dict with these names in the content of a file.

    What encloses it, the prefix of its names, and what lies beside it do not matter.

    Args:
        content: tensors and plain values.
        names: of the network's weights and buffers.

    Raises:
        ValueError: there is none, or more than one and none in a usual place.
    """
    places = dict(_dicts(content, ""))
    if not places:
        raise ValueError("it holds no state dict")
    found = {(key, prefix): part for key, state in places.items() for prefix, part in _matches(state, names)}
    usual = [part for place in USUAL for (key, prefix), part in found.items() if key == place and not prefix]
    if usual:
        return usual[0]
    if len(found) > 1:
        raise ValueError(f"it holds several: {', '.join(f'{key} {prefix}*'.strip() for key, prefix in found)}")
    if found:
        return next(iter(found.values()))
    key, state = next(iter(places.items()))
    under = f"under {key!r}, " if key else ""
    missing = sorted(names - state.keys())
    raise ValueError(f"{under}it has {', '.join(sorted(state)[:3])}, ...; not {', '.join(missing[:3])}")


def _dicts(content: Any, key: str, depth: int = 0) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Every dict with tensors in it, by its key; names as they are without torch.compile."""
    if not isinstance(content, Mapping) or depth > DEPTH:
        return
    tensors = {str(name).replace(COMPILED, ""): value for name, value in content.items() if isinstance(value, Tensor)}
    if tensors:
        yield key, tensors
    for name, value in content.items():
        yield from _dicts(value, f"{key}.{name}".lstrip("."), depth + 1)


def _matches(state: Mapping[str, Tensor], names: set[str]) -> Iterator[tuple[str, Mapping[str, Tensor]]]:
    """Each prefix under which all names are there, and the part with those names."""
    some = min(names, default="")
    prefixes = [name[: len(name) - len(some)] for name in state if name == some or name.endswith(f".{some}")]
    for prefix in prefixes:
        part = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
        if part.keys() == names:
            yield prefix, part
