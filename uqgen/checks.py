"""What can be refused once data and scores are known, before anything is trained for minutes."""

import logging
from collections.abc import Mapping

from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.image_clusters import ImageClusters
from uqgen.data.datamodule import SPLITS, InMemoryDataModule
from uqgen.evaluation.evaluation_settings import EvaluationSettings
from uqgen.scores import Score
from uqgen.settings import SettingError, naming, require

log = logging.getLogger(__name__)

FEWEST = 2  # items of a split: of fewer nothing varies
FEW = 100  # items of the split that generated ones are compared with, of which intervals are wide
ALIKE = 1e-6  # part of the largest score: scores within less are one score


def check_sizes(data: InMemoryDataModule, batch_size: int, reference: str) -> None:
    """Refuses data of which there are too few; warns of few to measure on.

    Args:
        data: set up.
        batch_size: of the model's training.
        reference: the split that generated images are compared with.

    Raises:
        SettingError: there are too few.
    """
    sizes = {split: len(getattr(data, split)) for split in SPLITS}
    found = ", ".join(f"{size} {split}" for split, size in sizes.items())
    require(min(sizes.values()) >= FEWEST, "data", found, f"{FEWEST} or more in every split")
    allowed = f"at most the {sizes['train']} training images there are ({found})"
    require(batch_size <= sizes["train"], "model.training.batch_size", batch_size, allowed)
    if sizes[reference] < FEW:
        log.warning("the %s split has %d images: what is compared with so few says little", reference, sizes[reference])


def check_kinds(data: InMemoryDataModule, kinds: Mapping[str, int]) -> None:
    """Refuses more kinds of images than there are training images that differ.

    Args:
        data: set up.
        kinds: see `KindEncoding`.

    Raises:
        SettingError: there are more.
    """
    if data.is_image:
        with naming("model"):
            for by, n in kinds.items():
                if n != 0:
                    ImageClusters(by, n).check(data.train.x)


def check_outputs(logits: Tensor, split: str, data: InMemoryDataModule, kind: str = "classifier") -> None:
    """Refuses a classifier whose outputs for some image are NaN or infinite.

    Args:
        logits: float [N, K] or [N, M, K], of a whole split.
        split: its name.
        data: whose split it is.
        kind: the settings of the classifier.

    Raises:
        SettingError: so it is; the first image is named.
    """
    broken = (~logits.isfinite()).flatten(1).any(dim=1).nonzero()[:, 0].tolist()
    if broken:
        others = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
        found = f"outputs NaN or infinite for {data.name_of(split, broken[0])}{others}, of the {split} split"
        raise SettingError(kind, found, "one with finite outputs for every image, or data without those images")


def check_scores(score: Score, own: Condition, evaluation: EvaluationSettings) -> None:
    """Refuses a score that hardly differs among the training images: there is nothing to request.

    Args:
        score: fitted to the target.
        own: class and score, or scores, of every training image.
        evaluation: which scores are requested.

    Raises:
        SettingError: so it is.
    """
    values = own.score
    require(bool(values.isfinite().all()), "score", score.name, "one that is finite for every training image")
    low, high = evaluation.requested_range(score, values)
    spread = min(high - low, float(values.max() - values.min()))
    allowed = (
        f"one that differs among the training images, of which nearly all have {float(values.median()):.6g}: another "
        "score, or images that the classifier doubts"
    )
    require(spread > ALIKE * float(values.abs().max()), "score", score.name, allowed)
    if score.second is not None:
        check_scores(score.second, own.of_second(), evaluation)
