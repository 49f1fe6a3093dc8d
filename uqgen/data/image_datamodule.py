"""What every data module of images shares: corruptions that are known."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uqgen.data.corruption import Corruption
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.data.labelled import LabelledData
from uqgen.settings import require

STREAMS = {"train": 0, "test": 1, "validation": 2}  # of random numbers, one for each source of images


class ImageDataModule(InMemoryDataModule):
    """Images, clean or corrupted on purpose; what was done to each is kept beside it.

    Args:
        batch_size: images in a batch when a classifier is trained.
        limit: at most so many images in each split; None for all.
        seed: draws the splits.
        corruption: what is done to the images, or None for images as they are.

    Raises:
        SettingError: a value is out of range, or the corruption is none.

    Examples:
        >>> class Grey(ImageDataModule):
        ...     n_classes, class_names, shape = 2, ["dark", "bright"], (1, 8, 8)
        ...
        ...     def setup(self, stage="fit"):
        ...         label = torch.arange(100) % 2
        ...         images = (255 * label).to(torch.uint8).view(-1, 1, 1, 1).repeat(1, 1, 8, 8)
        ...         data = self.labelled(images, label, np.arange(100), "train")
        ...         self.train = self.validation = self.test = data
        >>> grey = Grey(batch_size=20, limit=None, seed=0, corruption=Corruption())
        >>> grey.setup()
        >>> sorted(set(grey.train.corruption.tolist()))  # none, noise, blur
        [0, 1, 2]
    """

    def __init__(self, batch_size: int, limit: int | None, seed: int, corruption: Corruption | None) -> None:
        super().__init__(batch_size, limit, seed)
        allowed = "null, or a Corruption, as data/corruption=gaussian makes one"
        require(corruption is None or isinstance(corruption, Corruption), "corruption", corruption, allowed)
        self.corruption = corruption

    def labelled(
        self,
        images: Tensor,
        label: Tensor,
        index: NDArray[np.int64],
        source: str,
        corrupted: Tensor | None = None,
    ) -> LabelledData:
        """Images of one source and their classes as real data, corrupted where that is set.

        Args:
            images: uint8 [N, C, H, W].
            label: int64 [N].
            index: int64 [N], the position of each image in its source, by which it always gets the same corruption.
            source: "train", "validation" or "test"; equal positions in two sources differ.
            corrupted: the same images as they are then, where they are there already.
        """
        if self.corruption is None:
            clean = torch.zeros_like(label)
            return LabelledData(images, label, clean, clean)
        stream = STREAMS[source]
        if corrupted is None:
            corrupted = torch.from_numpy(self.corruption(images.numpy(), index, stream).images)
        return LabelledData(corrupted, label, *map(torch.from_numpy, self.corruption.kinds(index, stream)))
