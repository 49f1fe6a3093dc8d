"""Real images with their class and their score, batched for the training of a generative model."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from uqgen import distributed, seeding
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.sampling import DataConditions
from uqgen.data.labelled import LabelledData


class ScoredBatch(NamedTuple):
    """Real images and their conditions.

    Attributes:
        x: float32 [N, C, H, W] in [-1, 1], or points [N, 2].
        condition: class and own score of each.
    """

    x: Tensor
    condition: Condition


class ScoredBatches(IterableDataset[ScoredBatch]):
    """Batches of a scored data set, shuffled anew every epoch, from any step of the training to its end.

    Which images a step sees depends on (seed, step) alone: a restarted training sees what an uninterrupted one would
    have seen. Of every batch, each of several processes takes its share. An epoch's incomplete last batch is left out.

    Args:
        data: the images, N of them.
        conditions: class and score of each, and how often each is shown.
        batch_size: images in a step, over all devices.
        steps: the steps to come.
        seed: draws the order of each epoch.
    """

    def __init__(
        self,
        data: LabelledData,
        conditions: DataConditions,
        batch_size: int,
        steps: range,
        seed: int,
    ) -> None:
        self.data, self.conditions = data, conditions
        self.batch_size, self.steps, self.seed = min(batch_size, len(data)), steps, seed

    def __iter__(self) -> Iterator[ScoredBatch]:
        per_epoch = len(self.data) // self.batch_size
        order, epoch_of_order = torch.empty(0), -1
        for step in self.steps:
            epoch, position = divmod(step, per_epoch)
            if epoch != epoch_of_order:
                order, epoch_of_order = self._order(epoch), epoch
            start = position * self.batch_size
            index = order[start : start + self.batch_size][distributed.share(self.batch_size)]
            yield ScoredBatch(self.data[index].x, self.conditions.real.select(index))

    def _order(self, epoch: int) -> Tensor:
        rng = seeding.generator(self.seed, epoch)
        return self.conditions.order(rng)
