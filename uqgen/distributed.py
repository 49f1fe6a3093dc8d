"""Several processes, one a device, that do one run together: each has a rank, and rank 0 alone writes.

torchrun starts the processes and ends all of them when one fails. Without it, everything here is about one process,
unless a user's own Trainer starts several.

What is left here is what neither Lightning nor torch has. A Trainer starts and joins processes within `fit`; here
classifiers are trained and predictions shared before it, and the model is measured after it. `reduce`, `broadcast` and
`rank_zero_first` are methods of a strategy or a Fabric, which networks and evaluations are not given. Collectives of
torch need a group even of one process, gather tensors of equal shape alone, and have no mean on the CPU.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import NoReturn, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from uqgen.stopping import Stopped

PATIENCE = timedelta(hours=12)  # of the processes that wait while rank 0 trains a classifier or draws figures

T = TypeVar("T")


def rank() -> int:
    """Which of the processes this is, from 0; where torchrun started them, known before they join."""
    if dist.is_initialized():
        return dist.get_rank()
    return int(os.environ["RANK"]) if is_launched() else 0


def world_size() -> int:
    """Number of processes that joined."""
    return dist.get_world_size() if dist.is_initialized() else 1


def is_launched() -> bool:
    """Whether torchrun started this process."""
    return dist.is_torchelastic_launched()


def launch(n_processes: int, module: str, *arguments: str) -> NoReturn:
    """Starts this command again, once for each device of this machine, and ends with the exit status of what failed.

    Args:
        n_processes: devices of this machine.
        module: of the command, such as `uqgen.train`.
        arguments: what its command line needs besides.

    Raises:
        Stopped: a signal came, which every process was given.
    """
    from torch.distributed import run as torchrun  # slow imports
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // n_processes)))
    processes = ["--standalone", f"--nproc-per-node={n_processes}"]
    try:
        torchrun.main([*processes, "-m", module, *sys.argv[1:], *arguments])
    except SignalException as error:
        raise Stopped.by(error.sigval) from None
    except ChildFailedError as error:  # the process that failed said why
        _, failure = error.get_first_failure()
        sys.exit(failure.exitcode if failure.exitcode > 0 else 128 - failure.exitcode)
    sys.exit()


def use_own_gpu() -> None:
    """Makes this process's GPU the current one."""
    if is_launched() and torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))


def join() -> None:
    """Waits for the other processes; from here on all take the same collective steps. Alone, it does nothing.

    Not before the classifiers are there: one process trains them, and its metrics would wait for the others.
    """
    if is_launched() and not dist.is_initialized():
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)


def leave() -> None:
    """Undoes `join`."""
    if dist.is_initialized():
        dist.destroy_process_group()


def from_main(value: T) -> T:
    """The value that rank 0 has, on every rank."""
    if not dist.is_initialized():
        return value
    values = [value]
    dist.broadcast_object_list(values)
    return values[0]


@contextmanager
def main_first() -> Iterator[None]:
    """Rank 0 does what is in the block before the others, who find on the disk what it left there."""
    if dist.is_initialized() and rank() > 0:
        dist.barrier()
    yield
    if dist.is_initialized() and rank() == 0:
        dist.barrier()


def share(n: int) -> slice:
    """The neighbouring positions of n that are this process's to do; every position is exactly one process's."""
    position = rank() if world_size() > 1 else 0
    return slice(n * position // world_size(), n * (position + 1) // world_size())


def gather(part: Tensor) -> Tensor:
    """Puts the parts of all processes together, in the order of their `share`.

    Args:
        part: [n, ...], on the CPU; n may differ between the processes.

    Returns:
        [sum of all n, ...], the same on every process.
    """
    if not dist.is_initialized():
        return part
    parts: list[Tensor] = [part] * world_size()
    dist.all_gather_object(parts, part)
    return torch.cat(parts)


def mean(value: Tensor) -> Tensor:
    """The mean of a tensor that every process has its own of; on the device where it is."""
    if not dist.is_initialized():
        return value
    total = value.clone()
    dist.all_reduce(total)
    return total / world_size()
