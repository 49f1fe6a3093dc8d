"""One's own images: a folder with a folder of images for each class."""

import logging
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from torchvision.datasets import ImageFolder
from torchvision.datasets.folder import IMG_EXTENSIONS

from uqgen.data.corruption import Corruption
from uqgen.data.dataset import DatasetDataModule, require_names
from uqgen.settings import SettingError, require

log = logging.getLogger(__name__)

SPLIT_OF_FOLDER = {  # names of folders of splits, in small or capital letters
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
ENDINGS = (*IMG_EXTENSIONS, ".avif", ".gif", ".jfif", ".jp2", ".jpe")  # torchvision's, and others of pictures
# What macOS, Windows and disk stations leave among images, in small letters; they leave more, whose names begin with a
# dot.
LEFT_BEHIND = {
    *("__macosx", "icon\r", "$recycle.bin", "system volume information", "thumbs.db", "ehthumbs.db", "desktop.ini"),
    *("lost+found", "@eadir"),
}


class FolderDataModule(DatasetDataModule):
    """Images as `torchvision.datasets.ImageFolder` finds them, in `folder/CLASS/`, or in `folder/train/CLASS/`.

    Beside `train`, the folders `validation` (or `valid`, `val`) and `test` hold the other splits, in small or capital
    letters; one that is not there is carved from the training images, class by class. Hidden files and folders, and
    what operating systems leave, are left out; so are files whose endings are not those of images, with a warning.

    Args:
        folder: the folder.
        class_names: names of the class folders in the order of the classifier's outputs; None for the alphabetical one.
        size, channels, validation_share, test_share, limit, batch_size, seed, corruption, cache: see
            `DatasetDataModule`.

    Raises:
        SettingError: the folder is missing, holds no classes, a class without images, or two folders for one split; or
            as `DatasetDataModule`.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> from uqgen.data.shapes import write_shapes
        >>> with TemporaryDirectory() as folder:  # doctest: +ELLIPSIS
        ...     write_shapes(Path(folder), n=60)
        ...     data = FolderDataModule(folder, size=8)
        ...     data.setup()
        reading train ...
        >>> data.class_names, data.train.x.shape
        (['circle', 'square', 'triangle'], torch.Size([42, 3, 8, 8]))
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
        cache: str | Path | None = None,
    ) -> None:
        root = Path(folder)
        require(root.is_dir(), "folder", folder, "an existing folder, with a folder of images for each class in it")
        found = _subfolders(root)
        there = _folders(found["train"])
        allowed = f"a folder of images for each of two classes or more; it has {', '.join(there) or 'none'}"
        require(len(there) > 1, "folder", found["train"], allowed)
        names = require_names(class_names) if class_names else there
        allowed = f"the names of the class folders, in the order of the classifier's outputs: {', '.join(there)}"
        require(not class_names or sorted(names) == there, "class_names", names, allowed)
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
            cache,
        )


class _ClassFolders(ImageFolder):
    """The images of some class folders, whose order is given."""

    def __init__(self, root: Path, names: Sequence[str]) -> None:
        self.names = list(names)
        self.left_out: list[str] = []  # endings
        super().__init__(str(root), loader=_read, is_valid_file=self._is_image)
        self._warn()
        seen: dict[Path, Path] = {}
        for folder in sorted({Path(path).parent for path, _ in self.samples}):
            first = seen.setdefault(folder.resolve(), folder)
            require(first == folder, "folder", root, f"folders that are there once; {folder} is {first}, by a link")

    def find_classes(self, directory: str | Path) -> tuple[list[str], dict[str, int]]:
        """The names in their order, and the position of each."""
        return self.names, {name: position for position, name in enumerate(self.names)}

    def _is_image(self, path: str) -> bool:
        if any(map(_is_left_behind, Path(path).relative_to(self.root).parts)):
            return False
        if path.lower().endswith(ENDINGS):
            return True
        self.left_out.append(Path(path).suffix.lower() or "without an ending")
        return False

    def _warn(self) -> None:
        """Tells of what is left out, which its owner may take for images of the data."""
        if self.left_out:
            endings = ", ".join(sorted(set(self.left_out))[:10])
            said = "%s: %d files left out, since they do not end as images do: %s"
            log.warning(said, self.root, len(self.left_out), endings)
        _warn_of_images_in(Path(self.root))


def _subfolders(root: Path) -> dict[str, Path]:
    """The folder of each split that has one."""
    folders = _folders(root)
    named = [name for name in folders if name.lower() in SPLIT_OF_FOLDER]
    train = [root / name for name in named if SPLIT_OF_FOLDER[name.lower()] == "train"]
    # A class may be called "train", too: it has no folders, and classes beside it.
    if not any(map(_folders, train)) and (not named or len(named) < len(folders)):
        return {"train": root}
    _warn_of_images_in(root)
    splits: dict[str, Path] = {}
    for name in named:
        split = SPLIT_OF_FOLDER[name.lower()]
        require(split not in splits, "folder", root, f"one folder for the {split} split; it has two, {name} among them")
        splits[split] = root / name
    require("train" in splits, "folder", root, f"a folder train, too, as it has {', '.join(named)}")
    others = [name for name in folders if name not in named]
    if others:
        log.warning("%s: left out, as folders of splits are called otherwise: %s", root, ", ".join(others))
    return splits


def _warn_of_images_in(folder: Path) -> None:
    """Tells of images that lie beside class folders, or beside folders of splits."""
    names = [path.name for path in folder.iterdir() if path.is_file()]
    if n := sum(name.lower().endswith(ENDINGS) and not _is_left_behind(name) for name in names):
        log.warning("%s: %d images left out, since they lie in no class folder", folder, n)


def _folders(folder: Path) -> list[str]:
    paths = [path for path in folder.iterdir() if not _is_left_behind(path.name)]
    for path in paths:
        require(path.exists(), "folder", folder, f"links that lead to what is there; {path} leads nowhere")
    return sorted(path.name for path in paths if path.is_dir())


def _is_left_behind(name: str) -> bool:
    return name.startswith(".") or name.lower() in LEFT_BEHIND


def _open(folder: Path, names: Sequence[str]) -> _ClassFolders:
    found = _folders(folder)
    wanted, there = (", ".join(some) or "none" for some in (names, found))
    allowed = f"a folder with class folders, and with these: {wanted}; it has {there}"
    require(found == sorted(names), "folder", folder, allowed)
    try:
        return _ClassFolders(folder, names)
    except FileNotFoundError as error:
        allowed = f"images in every class folder ({str(error).strip(' .')}), which end in {', '.join(ENDINGS)}"
        raise SettingError("folder", folder, allowed) from error


def _read(path: str) -> Image.Image:
    # As it is: torchvision's own loader makes grey images colour, at the price of rounding when they are made grey.
    return Image.open(path)
