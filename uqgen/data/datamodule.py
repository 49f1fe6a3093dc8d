"""What every data module shares: three splits in memory and their loaders."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path

import torch
from lightning import LightningDataModule
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, Sampler, SequentialSampler

from uqgen.data.labelled import Batch, LabelledData
from uqgen.data.members import Members, digests
from uqgen.settings import SettingError, require_integer, require_seed

SPLITS = ("train", "validation", "test")


class InMemoryDataModule(LightningDataModule):
    """Train, validation and test data that fit in memory.

    Attributes:
        n_classes: number of classes K.
        class_names: K names, in the order of the labels.
        shape: shape of one image (C, H, W), or (2,) for points.
        train, validation, test: the splits, there once `setup` was called.
        feature_weights: of ready features (`uqgen.evaluation.features`); None where they are trained on the data.
        identity: what determines the data beside the settings, as plain values; there once `setup` was called.

    Examples:
        >>> class Line(InMemoryDataModule):
        ...     n_classes, class_names, shape = 2, ["left", "right"], (2,)
        ...
        ...     def setup(self, stage="fit"):
        ...         x, none = torch.linspace(-1, 1, 100), torch.zeros(100, dtype=torch.int64)
        ...         data = LabelledData(torch.stack([x, x], dim=1), (x > 0).long(), none, none)
        ...         self.train = self.validation = self.test = data
        >>> line = Line(batch_size=20, limit=None, seed=0)
        >>> line.setup()
        >>> next(iter(line.train_dataloader())).x.shape
        torch.Size([20, 2])
    """

    n_classes: int
    class_names: list[str]
    shape: tuple[int, ...]
    train: LabelledData
    validation: LabelledData
    test: LabelledData
    feature_weights: Path | None = None
    identity: dict[str, str] = {}

    def __init__(self, batch_size: int, limit: int | None, seed: int) -> None:
        super().__init__()
        require_integer("batch_size", batch_size, 1)
        require_seed("seed", seed)
        if limit is not None:
            require_integer("limit", limit, 1)
        self.batch_size, self.limit, self.seed = batch_size, limit, seed

    @abstractmethod
    def setup(self, stage: str = "fit") -> None:
        """Puts the three splits in memory; does nothing the second time."""

    def members(self) -> dict[str, Members]:
        """What each split holds, once `setup` was called."""
        splits = {split: getattr(self, split) for split in SPLITS}
        return {split: Members(digests(data.x, data.label), torch.arange(len(data))) for split, data in splits.items()}

    def keep(self, members: Mapping[str, Members]) -> None:
        """Once `setup` was called, takes those splits in place of the ones drawn, as far as they are still there.

        Raises:
            SettingError: these data are drawn or checked whole, and come in no other splits.
        """
        raise SettingError("allow_changed", True, "false: these data come in no other splits")

    def name_of(self, split: str, position: int) -> str:
        """How an item of a split is called where a person is to find it."""
        return f"{'image' if self.is_image else 'point'} {position} of the {split} split"

    @property
    def is_image(self) -> bool:
        """Whether the data are images, not points."""
        return len(self.shape) == 3

    def train_dataloader(self) -> DataLoader[Batch]:
        """Shuffled batches of the training split."""
        # Batch norm cannot be trained on a lone image.
        drop_last = len(self.train) % self.batch_size == 1 < len(self.train)
        return self._loader(self.train, RandomSampler(self.train), drop_last)

    def val_dataloader(self) -> DataLoader[Batch]:
        """Batches of the validation split, in order."""
        return self._loader(self.validation, SequentialSampler(self.validation))

    def test_dataloader(self) -> DataLoader[Batch]:
        """Batches of the test split, in order."""
        return self._loader(self.test, SequentialSampler(self.test))

    def predict_dataloader(self) -> DataLoader[Batch]:
        """Those of the test split."""
        return self.test_dataloader()

    def _loader(self, data: LabelledData, sampler: Sampler[int], drop_last: bool = False) -> DataLoader[Batch]:
        # batch_size=None: the data set is indexed with a whole batch of positions, so no image is handled alone.
        batches = BatchSampler(sampler, self.batch_size, drop_last)
        return DataLoader(data, sampler=batches, batch_size=None)
