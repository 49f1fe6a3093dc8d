"""How the network of FID's features is trained: once for a data set, then found again by what determines the data.

MNIST's come with the package; `python -m uqgen.evaluation.feature_training [FOLDER]` trains them anew on the MNIST in
FOLDER and rewrites their weights.
"""

import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from rich.console import Console
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torchmetrics.classification import MulticlassAccuracy

from uqgen.classifiers.module import ClassifierModule, ClassifierTraining
from uqgen.classifiers.recipe import ClassifierRecipe
from uqgen.data.corruption import Corruption
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.data.labelled import Batch, LabelledData
from uqgen.data.mnist import FEATURES, MNISTDataModule
from uqgen.evaluation.features import N_CORRUPTED, SIZE, FeatureNetwork, corruption_class, feature_accuracy
from uqgen.hardware import Hardware

log = logging.getLogger(__name__)

TRAINING = ClassifierTraining(epochs=6, learning_rate=4e-3)
BATCH_SIZE = 128
REPEATS, MOST_IMAGES = 8, 20_000  # how often each image is corrupted, and how many corrupted ones there are at most
# Severities 1 to 5 that are taught, at 32 pixels: they span those of all data that come corrupted, weak and strong.
TAUGHT_NOISE, TAUGHT_BLUR = (0.08, 0.2, 0.4, 0.6, 0.85), (1.0, 1.8, 2.7, 4.0, 6.0)
N_CHECKED = 2_000  # validation images on which it is tried


class TaughtData(InMemoryDataModule):
    """The images of a data module with corruptions that are to be recognised, made when the training begins.

    Args:
        source: images, whose splits are there.
    """

    def __init__(self, source: InMemoryDataModule) -> None:
        super().__init__(BATCH_SIZE, limit=None, seed=0)
        self.source = source
        self.n_classes, self.class_names, self.shape = source.n_classes, source.class_names, source.shape

    def setup(self, stage: str = "fit") -> None:
        """Corrupts training and validation images."""
        if not hasattr(self, "train"):
            self.train = corrupt_repeatedly(self.source.train, MOST_IMAGES, stream=0)
            self.validation = corrupt_repeatedly(self.source.validation, N_CHECKED, stream=1)


class FeatureModule(ClassifierModule):
    """Recognises class and corruption together; logs ``val/class`` and ``val/corruption``, the shares recognised.

    Args:
        network: a `FeatureNetwork`.
        n_classes, training: as of `ClassifierModule`.
    """

    network: FeatureNetwork

    def __init__(self, network: nn.Module, n_classes: int, training: ClassifierTraining) -> None:
        super().__init__(network, n_classes, training)
        n_outputs = {"class": n_classes, "corruption": 1 + N_CORRUPTED}
        # Of several processes one trains while the others wait: its metrics must not wait for theirs.
        alone: dict[str, Any] = {"average": "micro", "sync_on_compute": False}
        self.recognised = nn.ModuleDict({name: MulticlassAccuracy(n, **alone) for name, n in n_outputs.items()})

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Sum of the two cross-entropies of a batch."""
        losses = [cross_entropy(logits, true) for logits, true in self._outputs(batch).values()]
        return torch.stack(losses).sum()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Adds a batch to the metrics."""
        for name, (logits, true) in self._outputs(batch).items():
            self.recognised[name].update(logits, true)  # type: ignore[operator]
            self.log(f"val/{name}", self.recognised[name], prog_bar=True)  # type: ignore[arg-type]

    def on_train_end(self) -> None:
        """Says what is recognised of the validation images."""
        shares = [100 * float(self.trainer.callback_metrics[f"val/{name}"]) for name in self.recognised]
        log.info("features recognise class and corruption of %.0f %% and %.0f %% of validation images", *shares)

    def _outputs(self, batch: Batch) -> dict[str, tuple[Tensor, Tensor]]:
        """Logits [N, number of outputs] and the true one, int64 [N], of class and of corruption."""
        features = self.network(batch.x)
        true = corruption_class(batch.corruption, batch.severity)
        return {
            "class": (self.network.label(features), batch.label),
            "corruption": (self.network.corruption(features), true),
        }


RECIPE = ClassifierRecipe(FeatureNetwork, TRAINING, module=FeatureModule)


def obtain_features(
    data: InMemoryDataModule, identity: Mapping[str, Any], folder: Path, hardware: Hardware
) -> nn.Module:
    """The network trained before, or trains it and keeps it; on the CPU, frozen and in evaluation mode.

    Args:
        data: images, whose splits are there.
        identity: plain values that determine them.
        folder: where trained networks are kept. Programs that need the same one at once train it once.
        hardware: where it is trained.
    """
    return RECIPE.obtain(TaughtData(data), {"features_of": identity}, folder, hardware).network


def corrupt_repeatedly(data: LabelledData, most: int, stream: int) -> LabelledData:
    """Images with noise or blur on a random half, each image several times.

    Args:
        data: images in random order; of those that are corrupted already none is taken, where there are others.
        most: at most so many are returned; large ones take longer, so of those there are fewer.
        stream: other ones give other corruptions.
    """
    clean = (data.corruption == 0).nonzero().squeeze(1)
    clean = clean if len(clean) > 0 else torch.arange(len(data))
    size = data.x.shape[-1]
    n = min(REPEATS * len(clean), most * SIZE // max(size, SIZE))
    repeated = data.subset(clean[torch.arange(n) % len(clean)])
    corrupt = taught_corruption(size)
    images, corruption, severity = map(torch.from_numpy, corrupt(repeated.x.numpy(), np.arange(n), stream))
    return LabelledData(images, repeated.label, corruption, severity)


def taught_corruption(size: int) -> Corruption:
    """The corruption that is taught, for images of a size in pixels."""
    return Corruption(noise_sigma=TAUGHT_NOISE, blur_sigma=[sigma * size / SIZE for sigma in TAUGHT_BLUR])


def main(folder: str = "data") -> None:
    """Trains the network for MNIST, rewrites its weights and prints its accuracies on the test images."""
    data = MNISTDataModule(folder, taught_corruption(SIZE))
    data.setup()
    network = cast(FeatureNetwork, RECIPE.train(data, Hardware()).eval().requires_grad_(False))
    torch.save(network.state_dict(), FEATURES)
    label, corruption = feature_accuracy(network, data.test)
    line = f"{data.feature_weights}: class {label:.1%}, corruption {corruption:.1%} of the test images recognised"
    Console().print(line, soft_wrap=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
