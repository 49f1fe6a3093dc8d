"""One's own images: a folder with a folder of images for each class."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from torchvision.datasets import ImageFolder

from uqgen.data.corruption import Corruption
from uqgen.data.dataset import DatasetDataModule
from uqgen.settings import SettingError, require

SUBFOLDERS = {"train": ("train",), "validation": ("validation", "val"), "test": ("test",)}


class FolderDataModule(DatasetDataModule):
    """Images as `torchvision.datasets.ImageFolder` finds them, in `folder/CLASS/`, or in `folder/train/CLASS/`.

    Beside `train`, the folders `validation` (or `val`) and `test` hold the other splits; one that is not there is
    carved from the training images, class by class.

    Args:
        folder: the folder.
        class_names: names of the class folders in the order of the classifier's outputs; None for the alphabetical one.
        size, channels, validation_share, test_share, limit, batch_size, seed, corruption: see `DatasetDataModule`.

    Raises:
        SettingError: the folder is missing, holds no classes, or a class without images; or as `DatasetDataModule`.
    """

    def __init__(
        self,
        folder: str | Path,
        size: int = 32,
        channels: int = 3,
        class_names: Sequence[str] | None = None,
        validation_share: float = 0.1,
        test_share: float = 0.2,
        limit: int | None = None,
        batch_size: int = 128,
        seed: int = 0,
        corruption: Corruption | None = None,
    ) -> None:
        root = Path(folder)
        require(root.is_dir(), "folder", folder, "an existing folder, with a folder of images for each class in it")
        found = _subfolders(root)
        names = list(map(str, class_names or _class_folders(found["train"])))
        sources = {split: _open(path, names) for split, path in found.items()}
        shares = (validation_share, test_share)
        super().__init__(
            sources["train"],
            sources.get("validation"),
            sources.get("test"),
            size,
            channels,
            names,
            *shares,
            limit,
            batch_size,
            seed,
            corruption,
        )


class ClassFolders(ImageFolder):
    """The images of some class folders, whose order is given."""

    def __init__(self, root: Path, names: Sequence[str]) -> None:
        self.names = list(names)
        super().__init__(str(root), loader=_read)

    def find_classes(self, directory: str | Path) -> tuple[list[str], dict[str, int]]:
        """The names in their order, and the position of each."""
        return self.names, {name: position for position, name in enumerate(self.names)}


def _subfolders(root: Path) -> dict[str, Path]:
    """The folder of each split that has one."""
    if not (root / "train").is_dir() or not _class_folders(root / "train"):  # a class may be called "train", too
        return {"train": root}
    candidates = {split: [root / name for name in names] for split, names in SUBFOLDERS.items()}
    return {split: path for split, paths in candidates.items() for path in paths if path.is_dir()}


def _class_folders(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _open(folder: Path, names: Sequence[str]) -> ClassFolders:
    found = _class_folders(folder)
    wanted, there = (", ".join(some) or "none" for some in (names, found))
    allowed = f"a folder with class folders, and with these: {wanted}; it has {there}"
    require(len(names) > 0 and found == sorted(names), "folder", folder, allowed)
    try:
        return ClassFolders(folder, names)
    except FileNotFoundError as error:
        raise SettingError("folder", folder, f"images in every class folder ({error})") from error


def _read(path: str) -> Image.Image:
    # As it is: torchvision's own loader makes grey images colour, at the price of rounding when they are made grey.
    return Image.open(path)
