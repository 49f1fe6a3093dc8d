"""Any data module, scored by a frozen classifier: what a conditional generative model is trained on."""

from collections.abc import Callable, Iterator, Mapping

import torch
from lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from uqgen import distributed, seeding
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.drawn_conditions import DataConditions
from uqgen.conditioning.own_condition import own_condition
from uqgen.conditioning.scored import ScoredBatch, ScoredBatches
from uqgen.data.datamodule import SPLITS, InMemoryDataModule
from uqgen.scores import Score, get_score
from uqgen.settings import require, require_integer, require_seed

ADAPTED = "what score.adapted(classifier, shape, training images) makes of it"
ENDLESS = 2**62  # steps: the model ends its training
HELD_OUT = 2  # a stream of random numbers beside those of `uqgen.conditioning.scored`


class ScoredDataModule(LightningDataModule):
    """Images with class and score, and requests drawn from the scores of the split's own images.

    The training's loader goes on where the model's `n_images` stand, and has no end: the model ends its training.

    Args:
        data: images and classes.
        classifier: the frozen target; on the device where it is to score.
        score: what is made of its logits; None for MSP. It is fitted to the target on the validation split.
        sampler: (conditions of the training images, group) to what draws images and requests.
        batch_size: images in a step, over all devices.
        group: images that a model judges together (`ConditionalModel.group`).
        seed: draws the order of the images and the requests.
        n_held_out: images of the validation and of the test split that loaders hand out, at most.
        logits: of each split, float32 [N, K] or [N, M, K], where they are known already.

    Attributes:
        score: fitted, once `setup` was called.

    Raises:
        SettingError: a value is out of range.

    Examples:
        >>> from uqgen.classifiers.mlp import MLP
        >>> from uqgen.data.moons import MoonsDataModule
        >>> data = ScoredDataModule(MoonsDataModule(), FrozenClassifier(MLP((2,), 2)), get_score("entropy"))
        >>> data.setup()
        >>> batch = next(iter(data.val_dataloader()))
        >>> batch.x.shape, batch.condition.score.shape, batch.requested.score.shape
        (torch.Size([32, 2]), torch.Size([32]), torch.Size([32]))
    """

    def __init__(
        self,
        data: InMemoryDataModule,
        classifier: FrozenClassifier,
        score: Score | None = None,
        sampler: Callable[..., DataConditions] = DataConditions,
        batch_size: int = 32,
        group: int = 1,
        seed: int = 0,
        n_held_out: int = 1_000,
        logits: Mapping[str, Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.score = get_score("msp") if score is None else score
        require_integer("batch_size", batch_size, 2)
        require_integer("group", group, 1)
        require_seed("seed", seed)
        require_integer("n_held_out", n_held_out, 2)
        require(self.score.suits(classifier), "classifier", type(classifier).__name__, ADAPTED)
        require(batch_size % group == 0, "batch_size", batch_size, f"a multiple of group={group}")
        self.data, self.classifier = data, classifier
        self.sampler, self.batch_size, self.group, self.seed = sampler, batch_size, group, seed
        self.n_held_out, self.logits = n_held_out, logits

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one image (C, H, W), or (2,) for points."""
        return self.data.shape

    @property
    def n_classes(self) -> int:
        """Number of classes K."""
        return self.data.n_classes

    def prepare_data(self) -> None:
        """Finds the data or fetches them."""
        self.data.prepare_data()

    def setup(self, stage: str = "fit") -> None:
        """Puts the data in memory and scores them; does nothing the second time."""
        self.data.setup(stage)
        if self.logits is None:
            self.logits = {split: self.classifier.predict(getattr(self.data, split).x) for split in SPLITS}
            self.score = self.score.fitted(self.logits["validation"], self.data.validation.label)
        require(
            self.batch_size <= len(self.data.train),
            "batch_size",
            self.batch_size,
            f"at most the {len(self.data.train)} training images",
        )

    def own(self, split: str) -> Condition:
        """Class, score, probabilities and, where there is one, second score of every image of a split."""
        assert self.logits is not None, "setup() comes first"
        return own_condition(self.logits[split], getattr(self.data, split).label, self.score)

    def train_dataloader(self) -> DataLoader[ScoredBatch]:
        """Batches of the training split, from the model's images on."""
        seen = getattr(getattr(self.trainer, "lightning_module", None), "n_images", 0)
        conditions = self.sampler(self.own("train"), group=self.group)
        steps = range(seen // self.batch_size, ENDLESS)
        return _loader(ScoredBatches(self.data.train, conditions, self.batch_size, steps, self.seed))

    def val_dataloader(self) -> DataLoader[ScoredBatch]:
        """Batches of the validation split."""
        return _loader(_HeldOutBatches(self, "validation"))

    def test_dataloader(self) -> DataLoader[ScoredBatch]:
        """Batches of the test split."""
        return _loader(_HeldOutBatches(self, "test"))

    def predict_dataloader(self) -> DataLoader[ScoredBatch]:
        """Those of the test split."""
        return self.test_dataloader()


class _HeldOutBatches(IterableDataset[ScoredBatch]):
    """The first images of a split that trains nothing, in order, with requests drawn from the split's own conditions.

    Requests have class and score alone, as a user's.

    Args:
        module: whose split it is.
        split: "validation" or "test".
    """

    def __init__(self, module: ScoredDataModule, split: str) -> None:
        self.module, self.split = module, split

    def __iter__(self) -> Iterator[ScoredBatch]:
        data, own, module = getattr(self.module.data, self.split), self.module.own(self.split), self.module
        rng = seeding.generator(module.seed, HELD_OUT, SPLITS.index(self.split))
        conditions = DataConditions(own._replace(probabilities=None))
        requested = conditions.draw(min(len(data), module.n_held_out), rng)
        for batch in torch.arange(len(requested.label)).split(module.batch_size):
            index = batch[distributed.share(len(batch))]
            if len(index) > 0:
                yield ScoredBatch(data[index].x, own.select(index), requested.select(index))


def _loader(batches: IterableDataset[ScoredBatch]) -> DataLoader[ScoredBatch]:
    return DataLoader(batches, batch_size=None)
