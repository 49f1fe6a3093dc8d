"""The classifiers of the benchmark: small, and trained in seconds."""

import torch
from lightning.pytorch.utilities.seed import isolate_rng
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from uqgen.classifiers.cnn import CNN
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import LabelledData

BATCH, RATE, DECAY = 128, 4e-3, 1e-2


def small_cnn(shape: tuple[int, ...], n_classes: int) -> nn.Module:
    """A CNN that sees images at half their size, for speed."""
    channels, height, width = shape
    return nn.Sequential(nn.AvgPool2d(2), CNN((channels, height // 2, width // 2), n_classes))


def train_target(data: LabelledData, n_classes: int, epochs: int, seed: int) -> FrozenClassifier:
    """Trains a classifier with AdamW under one cycle of the learning rate.

    Args:
        data: what it learns from.
        n_classes: number of classes K.
        epochs: passes over the data.
        seed: of the weights and of the order of the images.
    """
    with isolate_rng():
        torch.manual_seed(seed)
        network = small_cnn(tuple(data.x.shape[1:]), n_classes)
        optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
        steps = epochs * (len(data) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, max(steps, 1))
        for _ in range(epochs):
            for batch in torch.randperm(len(data))[: len(data) // BATCH * BATCH].split(BATCH):
                _step(network, optimizer, data, batch)
                schedule.step()
    return FrozenClassifier(network)


def _step(network: nn.Module, optimizer: torch.optim.Optimizer, data: LabelledData, places: Tensor) -> None:
    batch = data[places]
    optimizer.zero_grad()
    cross_entropy(network(batch.x), batch.label).backward()
    optimizer.step()
