"""What an experiment needs of a classifier, wherever it comes from."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.hardware import Hardware


class ClassifierSource(ABC):
    """Where a classifier comes from: a training, or a file of one's own.

    Attributes:
        members: number of networks in an ensemble; None for a classifier that is one network.
    """

    members: int | None = None

    @abstractmethod
    def repeated(self, number: int) -> Self:
        """The same with other seeds, where there are any: number 0 is this one."""

    @abstractmethod
    def seeds(self) -> list[int]:
        """The seed of every network that it trains."""

    @abstractmethod
    def origin(self) -> tuple[str, Any]:
        """Name and value of the setting that its weights come from."""

    @abstractmethod
    def network_for(self, shape: tuple[int, ...], n_classes: int) -> nn.Module:
        """The network as it is before any training, which shows whether it fits the data.

        Args:
            shape: of an image.
            n_classes: number of classes K.

        Raises:
            SettingError: it does not fit.
        """

    @abstractmethod
    def obtain(
        self, data: InMemoryDataModule, identity: Mapping[str, Any], folder: Path, hardware: Hardware
    ) -> FrozenClassifier:
        """Loads the classifier, or trains it.

        Args:
            data: what it is trained on.
            identity: plain values that determine it, data and all, but for the seed.
            folder: where trained networks are kept.
            hardware: where it is trained.

        Raises:
            SettingError: a file is missing or does not fit.
        """

    @abstractmethod
    def keep(self, classifier: FrozenClassifier, path: Path) -> None:
        """Leaves a copy of the classifier that was obtained."""

    @abstractmethod
    def kept(self, path: Path) -> Self:
        """The source of that same classifier, of which `keep` left a copy.

        Raises:
            SettingError: the copy may not be used, and what it was copied from is another one by now.
        """
