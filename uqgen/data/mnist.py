"""MNIST, clean or corrupted (Le Coz et al., 2023, section 3.2), and what is shared by data sets in its format."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch.nn import functional as F

from uqgen.data.corruption import Corruption
from uqgen.data.image_datamodule import ImageDataModule
from uqgen.data.labelled import LabelledData
from uqgen.data.mnist_files import MNIST_FILES
from uqgen.settings import require, require_integer

FEATURES = Path(__file__).with_name("mnist_features.pt")
PADDING = 2  # 28 + 2 * 2 = 32 pixels, a power of two times the generator's 4


class MNISTDataModule(ImageDataModule):
    """MNIST padded to 32 x 32: 60,000 images of which the validation split is carved by seed, and 10,000 to report on.

    Args:
        folder: where the files lie or are put, in `MNIST/raw`.
        corruption: what is done to the images, or None for clean ones.
        n_validation: number of the 60,000 training images that are set apart for validation.
        limit: at most so many images in each split, for quick trials; None for all.
        batch_size: images in a batch when the classifier is trained.
        seed: draws the validation split.

    Raises:
        SettingError: a size or the seed is out of range.

    Attributes:
        files: those of the data set.

    Examples:
        >>> mnist = MNISTDataModule("data", corruption=Corruption())
        >>> mnist.shape, mnist.n_classes
        ((1, 32, 32), 10)
        >>> mnist.prepare_data()  # doctest: +SKIP
        >>> mnist.setup()  # doctest: +SKIP
    """

    files = MNIST_FILES
    n_classes = 10
    class_names = [str(digit) for digit in range(10)]
    shape = (1, 32, 32)
    feature_weights: Path | None = FEATURES

    def __init__(
        self,
        folder: str | Path = "data",
        corruption: Corruption | None = None,
        n_validation: int = 5_000,
        limit: int | None = None,
        batch_size: int = 128,
        seed: int = 0,
    ) -> None:
        super().__init__(batch_size, limit, seed, corruption)
        require_integer("n_validation", n_validation, 1)
        require(n_validation < 60_000, "n_validation", n_validation, "fewer than the 60000 training images")
        self.folder, self.n_validation = Path(folder), n_validation

    def prepare_data(self) -> None:
        """Finds the four files or fetches them."""
        self.files.find_or_fetch(self.folder)

    def setup(self, stage: str = "fit") -> None:
        """Reads, splits, pads and corrupts."""
        if hasattr(self, "train"):
            return
        self.files.find_or_fetch(self.folder)
        order = np.random.default_rng(self.seed).permutation(60_000)
        validation, train = np.sort(order[: self.n_validation]), np.sort(order[self.n_validation :])
        self.train, self.validation = self._read("train", train), self._read("train", validation)
        self.test = self._read("test", np.arange(10_000))

    def _read(self, source: str, index: NDArray[np.int64]) -> LabelledData:
        index = index[: self.limit]
        images, labels = self.files.read(self.folder, train=source == "train")
        padded = F.pad(images[index].unsqueeze(1), [PADDING] * 4)
        return self.labelled(padded, labels[index], index, source)
