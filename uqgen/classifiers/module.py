"""Training of a classifier."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from lightning import LightningModule
from lightning.pytorch.core.mixins.hparams_mixin import HyperparametersMixin
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassCalibrationError

from uqgen.data.labelled import Batch
from uqgen.described import Plain, as_dataclass, as_plain_values, build_described, describe
from uqgen.settings import require_integer, require_number, require_seed


@dataclass(frozen=True)
class ClassifierTraining:
    """How a classifier is trained: AdamW under one cycle of the learning rate (Smith and Topin, 2018).

    Attributes:
        epochs: passes over the training split.
        learning_rate: the highest of the cycle.
        weight_decay: AdamW's.
        seed: initial weights and order of the images follow from it.

    Raises:
        SettingError: a value is out of range.

    Examples:
        >>> ClassifierTraining(epochs=2, seed=1).learning_rate
        0.004
    """

    epochs: int = 4
    learning_rate: float = 4e-3
    weight_decay: float = 1e-2
    seed: int = 0

    def __post_init__(self) -> None:
        require_integer("epochs", self.epochs, 1)
        require_seed("seed", self.seed)
        require_number("learning_rate", self.learning_rate, 1e-8, 10)
        require_number("weight_decay", self.weight_decay, 0)


class ClassifierModule(LightningModule):
    """Cross-entropy training of any network that maps x to logits.

    Logs ``val/accuracy`` and ``val/calibration_error`` (expected calibration error, L1, 15 bins) after every epoch, and
    ``test/...`` of a test.

    Args:
        network: maps x (see `Batch`) to logits float32 [N, K]; or its description, in a checkpoint. A
            checkpoint does not hold a network without saved hyperparameters: `load_from_checkpoint(..., network=...)`.
        n_classes: number of classes K.
        training: the settings; or their plain values.

    Examples:
        >>> from uqgen.classifiers.mlp import MLP
        >>> classifier = ClassifierModule(MLP((2,), 2), n_classes=2)
        >>> Trainer(max_epochs=4).fit(classifier, MoonsDataModule())  # doctest: +SKIP
        >>> FrozenClassifier(classifier.network)  # doctest: +SKIP
    """

    def __init__(
        self,
        network: nn.Module | Plain,
        n_classes: int,
        training: ClassifierTraining | Plain = ClassifierTraining(),
    ) -> None:
        super().__init__()
        if isinstance(network, Mapping):
            network = build_described(network, nn.Module)
        training = as_dataclass(training, ClassifierTraining)
        described = {"network": describe(network)} if isinstance(network, HyperparametersMixin) else {}
        self.save_hyperparameters(described | {"n_classes": n_classes, "training": as_plain_values(training)})
        self.network = cast(nn.Module, network)
        self.settings = training
        self.metrics = MetricCollection(
            {
                "accuracy": MulticlassAccuracy(n_classes, average="micro"),
                "calibration_error": MulticlassCalibrationError(n_classes),
            },
            prefix="val/",
        )
        self.test_metrics = self.metrics.clone(prefix="test/")

    def forward(self, x: Tensor) -> Tensor:
        """Logits float32 [N, K]."""
        return self.network(x)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Cross-entropy of a batch."""
        loss = cross_entropy(self(batch.x), batch.label)
        self.log("train/loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Adds a batch to the metrics."""
        self.metrics.update(self(batch.x).softmax(dim=1), batch.label)
        self.log_dict(self.metrics, prog_bar=True)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Adds a batch to the metrics of the test."""
        self.test_metrics.update(self(batch.x).softmax(dim=1), batch.label)
        self.log_dict(self.test_metrics)

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Probabilities of the classes, float32 [N, K]."""
        return self(batch.x).softmax(dim=1)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """AdamW and its one-cycle schedule, stepped with every batch."""
        rate, decay = self.settings.learning_rate, self.settings.weight_decay
        optimizer = torch.optim.AdamW(self.parameters(), lr=rate, weight_decay=decay, fused=True)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
