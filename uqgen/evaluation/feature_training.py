"""How the network of FID's features is trained: once for a data set, then found again by what determines the data.

MNIST's come with the package; `python -m uqgen.evaluation.feature_training [FOLDER]` trains them anew on the MNIST in
FOLDER and rewrites their weights.
"""

import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from rich.console import Console
from rich.progress import track
from torch import Tensor
from torch.nn.functional import cross_entropy

from uqgen.classifiers.recipe import identity_hash
from uqgen.data.corruption import Corruption
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.data.labelled import Batch, LabelledData
from uqgen.data.mnist import MNISTDataModule
from uqgen.evaluation.features import SIZE, FeatureNetwork, corruption_class, feature_accuracy, load_features
from uqgen.tensor_files import save_tensors

log = logging.getLogger(__name__)

EPOCHS, BATCH_SIZE, LEARNING_RATE = 6, 128, 4e-3
REPEATS, MOST_IMAGES = 8, 20_000  # how often each image is corrupted, and how many corrupted ones there are at most
# Severities 1 to 5 that are taught, at 32 pixels: they span those of all data that come corrupted, weak and strong.
TAUGHT_NOISE, TAUGHT_BLUR = (0.08, 0.2, 0.4, 0.6, 0.85), (1.0, 1.8, 2.7, 4.0, 6.0)
N_CHECKED = 2_000  # validation images on which it is tried


def obtain_features(data: InMemoryDataModule, identity: Mapping[str, Any], folder: Path) -> FeatureNetwork:
    """Loads the network trained before, or trains it and keeps it.

    Args:
        data: images.
        identity: plain values that determine them; their hash names the file.
        folder: where trained networks are kept. Programs that need the same one at once train it once.
    """
    path = folder / f"{identity_hash(identity)}.pt"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        if path.exists():
            log.info("features found: %s", path)
            return load_features(path, data.shape, data.n_classes)
        network = train_features(corrupted(data.train, MOST_IMAGES, stream=0), data.n_classes)
        save_tensors({"identity": identity, "state_dict": network.state_dict()}, path)
    told = feature_accuracy(network, corrupted(data.validation, N_CHECKED, stream=1))
    log.info("features tell class and corruption of %.0f %% and %.0f %% of validation images", *(100 * x for x in told))
    return network


def corrupted(data: LabelledData, most: int, stream: int) -> LabelledData:
    """Images with noise or blur on a random half, each image several times.

    Args:
        data: images without a corruption, in random order.
        most: at most so many are returned; large ones take longer, so of those there are fewer.
        stream: other ones give other corruptions.
    """
    size = data.x.shape[-1]
    n = min(REPEATS * len(data), most * SIZE // max(size, SIZE))
    repeated = data.subset(torch.arange(n) % len(data))
    corrupt = taught_corruption(size)
    images, corruption, severity = map(torch.from_numpy, corrupt(repeated.x.numpy(), np.arange(n), stream))
    return LabelledData(images, repeated.label, corruption, severity)


def train_features(data: LabelledData, n_classes: int, seed: int = 0) -> FeatureNetwork:
    """Trains the network with AdamW and a one-cycle learning rate; the same seed gives the same weights.

    Args:
        data: corrupted images.
        n_classes: number of classes K.
        seed: draws the initial weights and the order of the images.

    Returns:
        The network on the CPU, frozen and in evaluation mode.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = FeatureNetwork(tuple(data.x.shape[1:]), n_classes)
        batches = [batch for _ in range(EPOCHS) for batch in torch.randperm(len(data)).split(BATCH_SIZE)]
    optimizer = torch.optim.AdamW(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=len(batches))
    for batch in track(batches, "training the features"):
        optimizer.zero_grad()
        _loss(network, data[batch]).backward()
        optimizer.step()
        schedule.step()
    return network.eval().requires_grad_(False)


def taught_corruption(size: int) -> Corruption:
    """The corruption that is taught, for images of a size in pixels."""
    return Corruption(noise_sigma=TAUGHT_NOISE, blur_sigma=[sigma * size / SIZE for sigma in TAUGHT_BLUR])


def _loss(network: FeatureNetwork, batch: Batch) -> Tensor:
    features = network(batch.x)
    corruption = corruption_class(batch.corruption, batch.severity)
    return cross_entropy(network.label(features), batch.label) + cross_entropy(network.corruption(features), corruption)


def main(folder: str = "data") -> None:
    """Trains the network for MNIST, rewrites its weights and prints its accuracies on the test images."""
    data = MNISTDataModule(folder, taught_corruption(SIZE))
    data.setup()
    network = train_features(data.train, data.n_classes)
    torch.save(network.state_dict(), data.feature_weights)
    label, corruption = feature_accuracy(network, data.test)
    line = f"{data.feature_weights}: class {label:.1%}, corruption {corruption:.1%} of the test images told"
    Console().print(line, soft_wrap=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
