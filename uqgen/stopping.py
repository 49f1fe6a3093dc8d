"""Ctrl-C, a scheduler's SIGTERM and a terminal that is closed end a command in order, and its exit status says so.

What is open is closed on the way: loggers end their runs as failed, and locks are freed. What is on the disk is whole.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DEFAULT = (signal.SIG_DFL, signal.default_int_handler)
SAME = 3.0  # seconds within which signals are one: torchrun and terminals send each process several

_stopped_at: float | None = None


class Stopped(SystemExit):
    """A signal ends this process.

    It is no `Exception`, so that nobody takes it for a failure and goes on, and no `KeyboardInterrupt`, for which
    Lightning has an exit status of its own.

    Attributes:
        run: folder of the run that can be taken up again, where there is one.
    """

    run: str | None = None

    @classmethod
    def by(cls, signum: int) -> "Stopped":
        """With the exit status that shells give a process that a signal ended: 130, 143, 129."""
        return cls(128 + signum)

    @property
    def signal(self) -> signal.Signals:
        """What ends it."""
        return signal.Signals(int(self.code or 0) - 128)


class _Handler:
    """Raises `Stopped`; another signal, later, ends the process at once, whatever is still open."""

    def __init__(self, first: Callable[[], None]) -> None:
        self.first = first

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        global _stopped_at
        if _stopped_at is None:
            _stopped_at = time.monotonic()
            self.first()
            raise Stopped.by(signum)
        if time.monotonic() - _stopped_at > SAME:
            os._exit(128 + signum)


@contextmanager
def stoppable(first: Callable[[], None] = lambda: None) -> Iterator[None]:
    """A signal raises `Stopped` within the block; one that is ignored (nohup), or a launcher's to handle, does not.

    Args:
        first: is called before that.

    Raises:
        Stopped: a signal came, now or before: a process that was stopped begins nothing more.
    """
    if threading.current_thread() is not threading.main_thread():  # which alone may say what signals do
        yield
        return
    if _stopped_at is not None:
        raise Stopped.by(signal.SIGTERM)
    before = {signum: signal.getsignal(signum) for signum in SIGNALS}
    ours = [signum for signum, now in before.items() if now in DEFAULT or isinstance(now, _Handler)]
    handler = _Handler(first)
    for signum in ours:
        signal.signal(signum, handler)
    try:
        yield
    finally:
        for signum in ours:
            signal.signal(signum, before[signum])


def end_silently(_number: int = 0) -> None:
    """From now on a signal ends this process without a word: a worker, whose parent had the signal, too, and says it.

    With any other exit status PyTorch would show, on top of that, how a worker was lost.
    """
    for signum in SIGNALS:
        signal.signal(signum, lambda *_: os._exit(0))


def end_with_parent() -> None:
    """From now on this process is stopped when its parent is gone, even one that was killed."""
    threading.Thread(target=_watch, args=[os.getppid()], daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10 * SAME)
    os._exit(128 + signal.SIGTERM)
