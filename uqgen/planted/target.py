"""The classifiers of the benchmark: small, and trained in seconds."""

from functools import partial

from torch import nn

from uqgen.classifiers.cnn import CNN
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.one_cycle import train_one_cycle
from uqgen.data.labelled import LabelledData


def small_cnn(shape: tuple[int, ...], n_classes: int) -> nn.Module:
    """A CNN that sees images at half their size, for speed."""
    channels, height, width = shape
    return nn.Sequential(nn.AvgPool2d(2), CNN((channels, height // 2, width // 2), n_classes))


def train_target(data: LabelledData, n_classes: int, epochs: int, seed: int) -> FrozenClassifier:
    """Trains a `small_cnn`; see `train_one_cycle`."""
    return train_one_cycle(partial(small_cnn, tuple(data.x.shape[1:]), n_classes), data, epochs, seed)
