"""A classifier trained elsewhere: an import path and its weights, a TorchScript, or an exported program.

A file of weights runs no code when it is read. A TorchScript and an exported program are programs: who loads one trusts
where it comes from. So a run takes its copy of weights, but never runs its copy of a program.
"""

import filecmp
import logging
import shutil
import warnings
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from lightning import seed_everything
from lightning.pytorch.utilities.seed import isolate_rng
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.output_classes import Classes, OutputClasses, check_classes
from uqgen.classifiers.own_network import OUTPUTS, OwnNetwork
from uqgen.classifiers.recipe import load_weights
from uqgen.classifiers.source import ClassifierSource
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.hardware import Hardware
from uqgen.settings import SettingError, require, require_choice, require_integer
from uqgen.tensor_files import save_tensors

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class OwnClassifier(ClassifierSource):
    """A classifier that was trained elsewhere and stays as it is.

    Attributes:
        mean, std: see `OwnNetwork`; as they are, the network gets pixels in [-1, 1].
        channels: that the network takes, 1 or 3; None for those of the data.
        size: height and width that it takes; None for those of the data.
        outputs, output: see `OwnNetwork`.
        classes: see `OutputClasses`; None where each output is a class.
        feature_layer: see `OwnNetwork`.
        training: ignored; experiments say here how a classifier is trained.

    Raises:
        SettingError: a value is out of range.
    """

    mean: Sequence[float] | float = (0.5,)
    std: Sequence[float] | float = (0.5,)
    channels: int | None = None
    size: int | None = None
    outputs: str = "logits"
    output: str | int | None = None
    classes: Classes | None = None
    feature_layer: str | None = None
    training: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        require_choice("outputs", self.outputs, OUTPUTS)
        if self.channels is not None:
            require(self.channels in (1, 3), "channels", self.channels, "1, 3, or null for those of the data")
        if self.classes is not None:
            check_classes(self.classes)
        if self.size is not None:
            require_integer("size", self.size, 1)
        for name, values in self._normalisation().items():
            numbers = all(isinstance(value, int | float) and (name == "mean" or value > 0) for value in values)
            allowed = "[one for all channels] or [one for each]" + (", above 0" if name == "std" else "")
            require(len(values) in (1, 3) and numbers, name, list(values), allowed)

    def repeated(self, number: int) -> Self:
        """Itself, whatever the number."""
        return self

    def seeds(self) -> list[int]:
        """None: nothing is trained."""
        return []

    def network_for(self, shape: tuple[int, ...], n_classes: int) -> nn.Module:
        """The network, once it has shown on a few images that it fits the data; see `ClassifierSource`."""
        require(len(shape) == 3, "_target_", type(self).__name__, f"networks for data of shape {tuple(shape)}")
        channels, size = self.channels or shape[0], self.size or shape[1]
        normalisation = self._normalisation()
        for name, values in normalisation.items():
            require(
                len(values) in (1, channels), name, list(values), f"one number, or {channels}: one for each channel"
            )
        with torch.device("cpu"):  # where all else is only tried for its shapes
            network = self.load()
            frozen_in = next(network.parameters(), None) is None
            require(not frozen_in, "network", type(network).__name__, "one whose weights are not frozen into its code")
            classes = None if self.classes is None else OutputClasses(self.classes)
            mean, std = normalisation["mean"], normalisation["std"]
            outputs = self.outputs, self.output, classes, self.feature_layer
            own = OwnNetwork(network, channels, size, mean, std, *outputs)
            own.try_out(shape, n_classes)
        return own

    def obtain(
        self, data: InMemoryDataModule, identity: Mapping[str, Any], folder: Path, hardware: Hardware
    ) -> FrozenClassifier:
        """Loads it; see `ClassifierSource`."""
        return FrozenClassifier(self.network_for(data.shape, data.n_classes))

    def _normalisation(self) -> dict[str, list[Any]]:
        """Mean and standard deviation as lists: of one number for all channels, or one for each."""
        given = {"mean": self.mean, "std": self.std}
        return {name: list(each) if isinstance(each, Sequence) else [each] for name, each in given.items()}

    @abstractmethod
    def load(self) -> nn.Module:
        """The network on the CPU, in evaluation mode.

        Raises:
            SettingError: it cannot be loaded.
        """


@dataclass(frozen=True, kw_only=True)
class ImportedClassifier(OwnClassifier):
    """A network by its import path, and its weights.

    Attributes:
        network: makes the network; its arguments are given already.
        checkpoint: file with its weights, as `ClassifierRecipe` takes it; None for a network that comes with them.

    Examples:
        >>> from functools import partial
        >>> from torchvision.models import resnet18
        >>> own = ImportedClassifier(
        ...     network=partial(resnet18, num_classes=3), checkpoint="weights.pt", mean=(0.485, 0.456, 0.406), size=224
        ... )
        >>> own.origin()
        ('checkpoint', 'weights.pt')
    """

    network: Callable[[], nn.Module]
    checkpoint: str | None = None

    def obtain(
        self, data: InMemoryDataModule, identity: Mapping[str, Any], folder: Path, hardware: Hardware
    ) -> FrozenClassifier:
        """See `ClassifierSource`; warns of weights that nothing taught."""
        classifier = super().obtain(data, identity, folder, hardware)
        if self.checkpoint is None and classifier.weights() != FrozenClassifier(self._made(seed=1)).weights():
            log.warning("no checkpoint is given, and weights of %s are random: nothing taught it", _name(self.network))
        return classifier

    def load(self) -> nn.Module:
        """See `OwnClassifier`."""
        network = self._made(seed=0)
        if self.checkpoint is not None:
            load_weights(network, Path(self.checkpoint), "checkpoint")
        return network.eval()

    def _made(self, seed: int) -> nn.Module:
        try:
            with isolate_rng():
                seed_everything(seed, verbose=False)
                network = self.network()
        except SettingError:
            raise
        except Exception as error:  # arguments that do not fit, and whatever a foreign network raises
            raise SettingError(
                "network", _name(self.network), f"arguments that make a network ({_in_line(error)})"
            ) from error
        require(isinstance(network, nn.Module), "network", type(network).__name__, "what makes a torch.nn.Module")
        return network

    def origin(self) -> tuple[str, Any]:
        """See `ClassifierSource`."""
        if self.checkpoint is not None:
            return "checkpoint", self.checkpoint
        return "network", _name(self.network)

    def keep(self, classifier: FrozenClassifier, path: Path) -> None:
        """Saves the weights."""
        save_tensors({"state_dict": classifier.network.network.state_dict()}, path)  # type: ignore[union-attr]

    def kept(self, path: Path) -> Self:
        """With the weights that `keep` saved."""
        return replace(self, checkpoint=str(path))


@dataclass(frozen=True, kw_only=True)
class FileClassifier(OwnClassifier):
    """A whole classifier, program and weights, in a file.

    Attributes:
        file: the file.
        kind: what it has to be.
    """

    file: str
    kind: ClassVar[str]

    def origin(self) -> tuple[str, Any]:
        """See `ClassifierSource`."""
        return "file", self.file

    def keep(self, classifier: FrozenClassifier, path: Path) -> None:
        """Copies the file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.file, path)

    def kept(self, path: Path) -> Self:
        """Itself, once its file is found to be what `keep` copied."""
        same = Path(self.file).is_file() and filecmp.cmp(self.file, path, shallow=False)
        require(same, "file", self.file, f"the program that the run was started with, of which {path} is a copy")
        return self

    def load(self) -> nn.Module:
        """See `OwnClassifier`."""
        require(Path(self.file).is_file(), "file", self.file, "an existing file")
        try:
            return self.read(BytesIO(Path(self.file).read_bytes()))
        except Exception as error:  # whatever a foreign file can make go wrong
            raise SettingError("file", self.file, f"{self.kind} ({_in_line(error)})") from error

    @abstractmethod
    def read(self, file: BytesIO) -> nn.Module:
        """The network, in evaluation mode."""


@dataclass(frozen=True, kw_only=True)
class TorchScriptClassifier(FileClassifier):
    """What `torch.jit.save` wrote.

    Examples:
        >>> TorchScriptClassifier(file="model.pt", size=224).origin()
        ('file', 'model.pt')
    """

    kind = "a TorchScript, as torch.jit.save writes it; weights alone are for classifier=own"

    def read(self, file: BytesIO) -> nn.Module:
        """See `FileClassifier`."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*torch.jit.load.*deprecated", category=FutureWarning)
            return torch.jit.load(file, map_location="cpu").eval()


@dataclass(frozen=True, kw_only=True)
class ExportedClassifier(FileClassifier):
    """What `torch.export.save` wrote of a program with any number of images, exported in evaluation mode.

    Examples:
        >>> ExportedClassifier(file="model.pt2", outputs="probabilities").origin()
        ('file', 'model.pt2')
    """

    kind = "a program, as torch.export.save writes it; weights alone are for classifier=own"

    def read(self, file: BytesIO) -> nn.Module:
        """See `FileClassifier`."""
        logging.getLogger("torch.export").setLevel(logging.ERROR)  # its warnings are in the error, too
        return torch.export.load(file).module()


def _name(maker: Callable[[], nn.Module]) -> str:
    return getattr(maker, "func", maker).__name__


def _in_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
