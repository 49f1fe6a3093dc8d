"""A second device that the CPU plays, so that tensors on two devices are seen to be mixed where there is no GPU.

Its tensors are the CPU's, with a mark. Every function of PyTorch that is called from Python refuses what a GPU refuses,
by the marks of what it is given, and marks what it makes. PyTorch's own stand-ins do not serve: meta and fake tensors
hold no values, and a device of one's own (PrivateUse1) needs an implementation of every operation.
"""

import re
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

CPU = torch.device("cpu")
NAME = re.compile(r"(cpu|cuda|mps)(:\d+)?")
FROM_ANY = {torch.tensor, torch.as_tensor, Tensor.to, Tensor.cpu, Tensor.copy_, Tensor.type_as, Tensor.__deepcopy__}
INDEXED = {Tensor.__getitem__, Tensor.__setitem__}
AS_IT_IS = {torch.device, torch._C._nn._parse_to, torch._has_compatible_shallow_copy_type}
TO_NUMPY = {Tensor.numpy, Tensor.__array__}


class OtherDevice(TorchFunctionMode):
    """Within the block there is another device.

    To other threads, to TorchScript and in a backward pass there is the CPU alone, as for parameters that are made,
    not moved: `nn.Parameter(x)`.

    Args:
        name: "cuda", or "mps", which has no float64.
        monkeypatch: pytest's, takes back at the end of the test what is changed of PyTorch.
    """

    def __init__(self, name: str, monkeypatch: Any) -> None:
        super().__init__()
        self.device = torch.device(name, 0)
        monkeypatch.setattr(torch, "Generator", _Generator)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function in AS_IT_IS:
            return function(*args, **kwargs)
        if function == Tensor.device.__get__:
            return _place(args[0])
        if function == Tensor.__iter__:
            return iter(self.__torch_function__(Tensor.unbind, types, args))
        if function in TO_NUMPY and _place(args[0]) != CPU:
            raise TypeError(f"can't convert {_place(args[0])} device type tensor to numpy")
        there = self._destination(function, args, kwargs)
        for rng in _all(torch.Generator, (args, kwargs)):
            _refuse(rng.device.type != there.type, function, f"a generator of {rng.device}")
        made = function(*_on_cpu(args), **_on_cpu(kwargs))
        given = list(_all(Tensor, (args, kwargs)))
        if function in FROM_ANY and function != Tensor.copy_ and any(made is each for each in given):
            made = made if _place(made) == there else made.clone()
        if function == Tensor.data.__set__:
            args[0].place = there
        for each in _all(Tensor, made):
            if each.is_meta or _place(each) == there:
                continue
            _refuse(any(each is one for one in given), function, f"a result on {_place(each)}")
            _refuse(there.type == "mps" and each.dtype == torch.float64, function, "float64")
            each.place = there
        return made

    def _destination(self, function: Any, args: Any, kwargs: Any) -> torch.device:
        """Where what a function makes is to be."""
        for named in _all((torch.device, str), (args, kwargs)):
            if isinstance(named, torch.device) or NAME.fullmatch(named):
                return self.device if torch.device(named).type == self.device.type else torch.device(named)
        if function == Tensor.cpu:
            return CPU
        if function == Tensor.data.__set__ or (function == Tensor.to and _is(Tensor, args[1:2])):
            return _place(args[1])
        if function in FROM_ANY:
            return _place(args[0]) if _is(Tensor, args) else CPU
        if function in INDEXED:
            return _place_of_indexed(function, *args)
        places = {_place(each) for each in _all(Tensor, (args, kwargs)) if each.dim() > 0 or _place(each) != CPU}
        _refuse(len(places) > 1, function, f"tensors on {' and '.join(sorted(map(str, places)))}")
        return places.pop() if places else CPU


class _Generator(torch.Generator):
    """A generator of the CPU that says it is of another device."""

    def __new__(cls, device: torch.device | str = CPU) -> "_Generator":
        rng = super().__new__(cls)
        rng.place = torch.device(device)
        return rng

    @property
    def device(self) -> torch.device:
        return self.place


def _place(x: Tensor) -> torch.device:
    return x.__dict__.get("place", CPU) if not x.is_meta else torch.device("meta")


def _place_of_indexed(function: Any, x: Tensor, index: Any, *value: Any) -> torch.device:
    """Indices may be on the CPU, too; what is put there may be elsewhere where no index is a tensor."""
    tensors = [each for each in _all(Tensor, index) if each.dim() > 0]
    elsewhere = {_place(each) for each in tensors} - {CPU, _place(x)}
    if tensors:
        elsewhere |= {_place(each) for each in _all(Tensor, value) if each.dim() > 0} - {_place(x)}
    _refuse(bool(elsewhere), function, f"indices or values on {elsewhere} of a tensor on {_place(x)}")
    return _place(x)


def _refuse(is_wrong: bool, function: Any, what: str) -> None:
    if is_wrong:
        raise RuntimeError(f"{getattr(function, '__name__', function)}: {what}")


def _all(kind: Any, things: Any) -> Iterator[Any]:
    """Everything of a kind in a nest of lists, tuples and dicts."""
    if isinstance(things, kind):
        yield things
    elif isinstance(things, list | tuple):
        for each in things:
            yield from _all(kind, each)
    elif isinstance(things, dict):
        yield from _all(kind, list(things.values()))


def _is(kind: Any, things: Any) -> bool:
    return len(things) > 0 and isinstance(things[0], kind)


def _on_cpu(things: Any) -> Any:
    """The same arguments, with the CPU in the place of another device."""
    if isinstance(things, torch.device) or (isinstance(things, str) and NAME.fullmatch(things)):
        return CPU if torch.device(things).type != "meta" else things
    if isinstance(things, tuple) and type(things) is tuple:
        return tuple(map(_on_cpu, things))
    return {key: _on_cpu(value) for key, value in things.items()} if isinstance(things, dict) else things
