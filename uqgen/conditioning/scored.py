"""Real images with their class and their score, batched for the training of a generative model."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from uqgen import distributed, seeding
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.drawn_conditions import DataConditions
from uqgen.data.labelled import LabelledData

ORDER, REQUESTS = range(2)  # streams of random numbers


class ScoredBatch(NamedTuple):
    """Real images, their conditions, and conditions of images to be generated.

    Attributes:
        x: float32 [N, C, H, W] in [-1, 1], or points [N, 2].
        condition: class, own score and the target's probabilities of each.
        requested: N conditions that are requested of a generator.
    """

    x: Tensor
    condition: Condition
    requested: Condition


class ScoredBatches(IterableDataset[ScoredBatch]):
    """Batches of a scored data set, in the order that `conditions` draws anew for every epoch, from any step on.

    Which images a step sees, and what is requested in it, depends on (seed, step) alone: a restarted training sees what
    an uninterrupted one would have seen. Of every batch, each of several processes takes its share. An epoch's
    incomplete last batch is left out.

    Args:
        data: the images, N of them.
        conditions: class and score of each, how often each is shown, and what is requested.
        batch_size: images in a step, over all devices.
        steps: the steps to come.
        seed: draws the order of each epoch, and the requests.

    Examples:
        >>> none = torch.zeros(10, dtype=torch.int64)
        >>> data = LabelledData(torch.zeros(10, 1, 8, 8, dtype=torch.uint8), none, none, none)
        >>> conditions = DataConditions(Condition(none, torch.linspace(0.5, 1, 10)))
        >>> batches = list(ScoredBatches(data, conditions, batch_size=4, steps=range(3), seed=0))
        >>> len(batches), batches[0].x.shape, batches[0].requested.score.shape
        (3, torch.Size([4, 1, 8, 8]), torch.Size([4]))
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
        mine = distributed.share(self.batch_size)
        for step in self.steps:
            epoch, position = divmod(step, per_epoch)
            if epoch != epoch_of_order:
                order, epoch_of_order = self.conditions.order(seeding.generator(self.seed, ORDER, epoch)), epoch
            index = order[position * self.batch_size :][: self.batch_size][mine]
            requested = self.conditions.draw(self.batch_size, seeding.generator(self.seed, REQUESTS, step))
            yield ScoredBatch(self.data[index].x, self.conditions.real.select(index), requested.select(mine))
