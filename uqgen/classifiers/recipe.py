"""From a recipe to a frozen classifier: trained once, then found again by what determines it."""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from filelock import FileLock
from lightning import LightningModule, seed_everything
from lightning.pytorch.callbacks import RichProgressBar
from lightning.pytorch.utilities.seed import isolate_rng
from torch import nn

from uqgen.classifiers.ensemble import Ensemble
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.module import ClassifierModule, ClassifierTraining
from uqgen.classifiers.source import ClassifierSource
from uqgen.classifiers.state_dict import unwrapped
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.hardware import Hardware
from uqgen.settings import SettingError, require_integer
from uqgen.tensor_files import read_tensors, save_tensors

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClassifierRecipe(ClassifierSource):
    """How a classifier comes to be.

    Attributes:
        network: (shape of an image, number of classes) to an untrained network.
        training: how it is trained.
        checkpoint: a file with the weights of one's own classifier (a state dict, also as trainers wrap it), in place
            of a training.
        members: number of networks in an ensemble; None for a classifier that is one network.
        module: (untrained network, number of classes, training) to what Lightning trains.

    Raises:
        SettingError: there are fewer than two members.

    Examples:
        >>> from uqgen.classifiers.mlp import MLP
        >>> recipe = ClassifierRecipe(MLP, ClassifierTraining(epochs=2), members=5)
        >>> recipe.seeds()
        [0, 1, 2, 3, 4]
    """

    network: Callable[[tuple[int, ...], int], nn.Module]
    training: ClassifierTraining
    checkpoint: str | None = None
    members: int | None = None
    module: Callable[[nn.Module, int, ClassifierTraining], LightningModule] = ClassifierModule

    def __post_init__(self) -> None:
        if self.members is not None:
            require_integer("members", self.members, 2)

    def repeated(self, number: int) -> "ClassifierRecipe":
        """The recipe with other seeds: number 0 is this one, and no two numbers share a seed."""
        seed = self.training.seed + number * (self.members or 1)
        return replace(self, training=replace(self.training, seed=seed))

    def singles(self) -> list["ClassifierRecipe"]:
        """The recipe of every network in it: of each member, or of itself where it is one network."""
        single = replace(self, members=None)
        return [single.repeated(number) for number in range(self.members or 1)]

    def seeds(self) -> list[int]:
        """The seed of every network in it."""
        return [single.training.seed for single in self.singles()]

    def origin(self) -> tuple[str, Any]:
        """See `ClassifierSource`."""
        if self.checkpoint is not None:
            return "checkpoint", self.checkpoint
        return "training.seed", self.training.seed

    def network_for(self, shape: tuple[int, ...], n_classes: int) -> nn.Module:
        """See `ClassifierSource`; with the weights of the checkpoint, where there is one."""
        try:
            if self.checkpoint is None:
                return self.network(shape, n_classes)
            with torch.device("cpu"):  # where all else is only tried for its shapes
                networks = [single._untrained(shape, n_classes) for single in self.singles()]
        except SettingError as error:
            raise error.under("network") from None
        return load_weights(self._joined(networks), Path(self.checkpoint), "checkpoint")

    def obtain(
        self, data: InMemoryDataModule, identity: Mapping[str, Any], folder: Path, hardware: Hardware
    ) -> FrozenClassifier:
        """Loads one's own classifier, or the one trained before, or trains it and keeps it.

        Args:
            data: what it is trained on.
            identity: plain values that determine it, data and all, but for the seed; their hash names the file.
            folder: where trained networks are kept. Programs that need the same one at once train it once.
            hardware: where it is trained.

        Raises:
            SettingError: the checkpoint is missing or does not fit the network.
        """
        if self.checkpoint is not None:
            return FrozenClassifier(self.network_for(data.shape, data.n_classes))
        networks = [
            single._obtain_network(data, {**identity, "seed": single.training.seed}, folder, hardware)
            for single in self.singles()
        ]
        return FrozenClassifier(self._joined(networks))

    def keep(self, classifier: FrozenClassifier, path: Path) -> None:
        """Saves the weights."""
        save_tensors({"state_dict": classifier.network.state_dict()}, path)

    def kept(self, path: Path) -> "ClassifierRecipe":
        """With the weights that `keep` saved, in place of a training."""
        return replace(self, checkpoint=str(path))

    def train(self, data: InMemoryDataModule, hardware: Hardware) -> nn.Module:
        """Trains one network, whether there is one already or not; it is on the CPU then."""
        network = self._untrained(data.shape, data.n_classes)
        log.info("training a classifier: %s, seed %d", type(network).__name__, self.training.seed)
        with isolate_rng():
            seed_everything(self.training.seed, verbose=False)
            trainer = hardware.trainer(
                devices=1,
                num_nodes=1,
                max_epochs=self.training.epochs,
                callbacks=[RichProgressBar()],
                enable_progress_bar=True,
                num_sanity_val_steps=0,
            )
            trainer.fit(self.module(network, data.n_classes, self.training), datamodule=data)
        return network.cpu()

    def _joined(self, networks: list[nn.Module]) -> nn.Module:
        return networks[0] if self.members is None else Ensemble(networks)

    def _untrained(self, shape: tuple[int, ...], n_classes: int) -> nn.Module:
        with isolate_rng():
            seed_everything(self.training.seed, verbose=False)
            return self.network(shape, n_classes)

    def _obtain_network(
        self, data: InMemoryDataModule, identity: dict[str, Any], folder: Path, hardware: Hardware
    ) -> nn.Module:
        path = folder / f"{identity_hash(identity)}.pt"
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if path.exists():
                log.info("classifier found: %s", path)
                return load_weights(self._untrained(data.shape, data.n_classes), path, "cache")
            network = self.train(data, hardware)
            save_tensors({"identity": identity, "state_dict": network.state_dict()}, path)
        log.info("classifier trained and kept: %s", path)
        return network


def identity_hash(identity: Mapping[str, Any]) -> str:
    """A short name for plain values: 16 hexadecimal digits of the SHA-256 of their sorted JSON."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def load_weights(network: nn.Module, path: Path, setting: str) -> nn.Module:
    """Puts the weights of a file into a network; no code in the file is run.

    Raises:
        SettingError: the file is missing, holds something else, or does not fit the network.
    """
    if not path.is_file():
        raise SettingError(setting, path, "an existing file")
    try:
        network.load_state_dict(unwrapped(read_tensors(path), set(network.state_dict())))
    except UnpicklingError as error:
        raise SettingError(
            setting, path, "a file of tensors alone, as torch.save(network.state_dict(), ...)"
        ) from error
    except Exception as error:  # whatever a foreign file can make go wrong, the user wants to know which file it was
        reason = " ".join(str(error).split())[:200]
        anew = "" if setting == "checkpoint" else "; if it is deleted, it is made anew"
        raise SettingError(setting, path, f"a state dict of the configured network ({reason}){anew}") from error
    return network
