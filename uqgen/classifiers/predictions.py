"""What a classifier says of a whole data set, computed once."""

import hashlib
from pathlib import Path

import torch
from torch import Tensor

from uqgen import distributed
from uqgen.classifiers.ensemble import predictive_logits
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.datamodule import SPLITS, InMemoryDataModule
from uqgen.tensor_files import load_tensors, save_tensors

N_TOLD = 256  # images of which what a classifier says distinguishes it


def predict_splits(
    classifier: FrozenClassifier, data: InMemoryDataModule, data_hash: str, folder: Path
) -> dict[str, Tensor]:
    """Logits of every split, from the cache where they are there.

    Every score is a function of the logits, so this serves them all.

    Args:
        classifier: the target or a judge; its weights' digest, and what it says of some images, are part of the file's
            name: the weights alone do not tell how images are prepared, or what code of one's own makes of them.
        data: the data, set up.
        data_hash: what determines the data, as a name.
        folder: where logits are kept.

    Returns:
        For "train", "validation" and "test", float32 [N, K], or [N, M, K] of an ensemble.
    """
    path = folder / f"{classifier.digest()[:16]}-{data_hash}-{_said_of(classifier, data.train.x[:N_TOLD])}.pt"
    if distributed.from_main(path.exists()):
        return load_tensors(path)
    logits = {split: predict(classifier, getattr(data, split).x) for split in SPLITS}
    if distributed.rank() == 0:
        save_tensors(logits, path)
    return logits


def _said_of(classifier: FrozenClassifier, x: Tensor) -> str:
    """A name for the logits of these images, without the digits that another number of threads may round."""
    logits = classifier.predict(x).nan_to_num().clamp(-1e6, 1e6)
    return hashlib.sha256((100 * logits).round().long().numpy().tobytes()).hexdigest()[:8]


def predict(classifier: FrozenClassifier, x: Tensor) -> Tensor:
    """Logits of many inputs, to which every process does its share.

    Args:
        classifier: the target or a judge.
        x: as `FrozenClassifier.predict` takes it, the same in every process.

    Returns:
        float32 [N, K], or [N, M, K] of an ensemble, on the CPU, whole in every process.
    """
    return distributed.gather(classifier.predict(x[distributed.share(len(x))]))


def accuracy(logits: Tensor, label: Tensor) -> float:
    """Share of images whose class is the most probable one; logits [N, K] or [N, M, K], label int64 [N]."""
    return (predictive_logits(logits).argmax(dim=1) == label).float().mean().item()


def accuracy_by_corruption(
    logits: Tensor, label: Tensor, corruption: Tensor, severity: Tensor
) -> dict[tuple[int, int], float]:
    """Accuracy of each (corruption, severity) that occurs; logits [N, K] or [N, M, K], the others int64 [N]."""
    kinds = torch.stack([corruption, severity], dim=1)
    return {
        (int(kind[0]), int(kind[1])): accuracy(logits[chosen], label[chosen])
        for kind in kinds.unique(dim=0)
        for chosen in [(kinds == kind).all(dim=1)]
    }
