"""What an experiment asks of a classifier, wherever it comes from."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.hardware import Hardware


class ClassifierSource(ABC):
    """A training, or a file.

    Attributes:
        members: number of networks in an ensemble; None for a classifier that is one network.
        is_trained_here: whether there can be more like it, with other seeds.
    """

    members: int | None
    is_trained_here: ClassVar[bool]

    @abstractmethod
    def repeated(self, number: int) -> Self:
        """The same with other seeds: number 0 is this one."""

    @abstractmethod
    def seeds(self) -> Sequence[int]:
        """The seeds of the networks that are trained."""

    @abstractmethod
    def network_for(self, shape: tuple[int, ...], n_classes: int) -> nn.Module:
        """The network as it is before a training, once it is known to fit the data.

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
        """The classifier, trained where it has to be."""

    @abstractmethod
    def keep(self, classifier: FrozenClassifier, path: Path) -> None:
        """Leaves a copy of the classifier that was obtained in a run's folder."""

    @abstractmethod
    def kept(self, path: Path) -> Self:
        """The source that obtains the copy that `keep` left."""
