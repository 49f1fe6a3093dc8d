"""One GPU for each job of a machine: jobs that start at once must not all take the first."""

import getpass
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

import torch
from filelock import FileLock, Timeout

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0


@contextmanager
def own_gpu() -> Iterator[None]:
    """Makes a GPU that no other job of this machine holds the current one, and holds it; without GPUs, does nothing.

    Where all are held, it waits. Launchers that assign GPUs themselves (SLURM, Ray) show a job its own alone, which
    is free; those that do not (joblib, a basic sweep beside another) are served by this.
    """
    names = [str(torch.cuda.get_device_properties(index).uuid) for index in range(torch.cuda.device_count())]
    if not names:
        yield
        return
    with claim(names, Path(gettempdir()) / f"uqgen-gpus-{getpass.getuser()}") as index:
        log.info("GPU %d (%s)", index, names[index])
        torch.cuda.set_device(index)
        try:
            yield
        finally:
            torch.cuda.empty_cache()  # a worker that is used again may be given another GPU


@contextmanager
def claim(names: Sequence[str], folder: Path) -> Iterator[int]:
    """Holds the first of several things that no other process holds; the system frees it if this process is killed.

    Args:
        names: what there is, each a file's name.
        folder: of the lock files, one for each name.

    Yields:
        Position of the one that is held.
    """
    folder.mkdir(parents=True, exist_ok=True)
    locks = [FileLock(folder / f"{name}.lock") for name in names]
    index = _acquire_any(locks)
    try:
        yield index
    finally:
        locks[index].release()


def _acquire_any(locks: Sequence[FileLock]) -> int:
    waited = False
    while True:
        for index, lock in enumerate(locks):
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            return index
        if not waited:
            log.info("all %d GPUs are taken by other jobs; waiting for one", len(locks))
            waited = True
        time.sleep(POLL_SECONDS)
