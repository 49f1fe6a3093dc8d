"""One process at a time writes to a run; the system frees the run of a process that is killed."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from uqgen.files import write_atomically
from uqgen.settings import SettingError

LOCK = ".lock"
HOLDER = ".holder"  # who holds it, or held it last; not in the lock itself, which whoever tries it empties


class HeldError(SettingError):
    """Another process holds the run."""


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Holds a run's folder within the block, and makes it where it is not there yet.

    Raises:
        HeldError: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        holder = {"pid": os.getpid(), "host": socket.gethostname()}
        write_atomically(folder / HOLDER, json.dumps(holder).encode())
        yield


def refuse_held(folder: Path) -> None:
    """Raises a `HeldError` if another process holds this run."""
    if (folder / LOCK).exists():
        with _locked(folder):
            pass


def holding_process(folder: Path) -> int | None:
    """The process of this machine that holds this run, where there is one."""
    try:
        refuse_held(folder)
    except HeldError:
        holder = _last_holder(folder)
        return int(holder["pid"]) if holder["host"] == socket.gethostname() else None
    return None


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        who = "process {pid} on {host}".format_map(_last_holder(folder))
        allowed = f"a run that no other process writes to, as {who} does: wait until it ends, or take another run="
        raise HeldError("run", folder, allowed) from None
    except OSError as error:
        allowed = f"a folder that can be written to ({error.strerror})"
        raise SettingError("run", folder, allowed) from None
    with lock:
        yield


def _last_holder(folder: Path) -> dict[str, int | str]:
    try:
        return json.loads((folder / HOLDER).read_text())
    except (OSError, ValueError):  # it has only just begun
        return {"pid": -1, "host": "?"}
