"""Small classifiers that are trained in seconds, without a progress bar, checkpoints or a cache."""

from collections.abc import Callable

import torch
from lightning.pytorch.utilities.seed import isolate_rng
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import LabelledData

BATCH, RATE, DECAY = 128, 4e-3, 1e-2


def train_one_cycle(make: Callable[[], nn.Module], data: LabelledData, epochs: int, seed: int) -> FrozenClassifier:
    """Trains a classifier with AdamW under one cycle of the learning rate (Smith and Topin, 2019).

    Args:
        make: the network, images float32 [N, C, H, W] in [-1, 1] to logits [N, K].
        data: what it learns from, in batches of `BATCH`, or as one where there are fewer; at least 2.
        epochs: passes over the data.
        seed: of the weights and of the order of the images.
    """
    with isolate_rng():
        torch.manual_seed(seed)
        network = make()
        optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
        size = min(BATCH, len(data))
        n_batches = len(data) // size
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, epochs * n_batches)
        for _ in range(epochs):
            for batch in torch.randperm(len(data))[: n_batches * size].split(size):
                _step(network, optimizer, data, batch)
                schedule.step()
    return FrozenClassifier(network)


def _step(network: nn.Module, optimizer: torch.optim.Optimizer, data: LabelledData, places: Tensor) -> None:
    batch = data[places]
    optimizer.zero_grad()
    cross_entropy(network(batch.x), batch.label).backward()
    optimizer.step()
