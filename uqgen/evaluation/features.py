"""The network whose features FID and KID compare on MNIST; its weights come with the package.

It is trained to tell both the digit and how the image was corrupted, so that its features see blur and noise as well as
shape. `python -m uqgen.evaluation.features [FOLDER]` trains it anew on the MNIST in FOLDER and rewrites the weights.
"""

import sys
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torchvision.transforms.v2.functional import resize

from uqgen.data.corruption import CORRUPTIONS, N_SEVERITIES, Corruption
from uqgen.data.labelled import Batch, LabelledData
from uqgen.data.mnist import MNISTDataModule

WEIGHTS = Path(__file__).with_name("mnist_features.pt")
N_CORRUPTED = (len(CORRUPTIONS) - 1) * N_SEVERITIES  # clean is one class more
EPOCHS, BATCH_SIZE, LEARNING_RATE = 6, 128, 4e-3


class MNISTFeatures(nn.Module):
    """Small convolutional network; its features are averaged over the image after the last layer.

    Attributes:
        num_features: number of features of an image of one channel.
    """

    num_features = 64

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _layer(1, 24, kernel_size=5, stride=2),
            _layer(24, 48, kernel_size=3, stride=2),
            _layer(48, 64, kernel_size=3, stride=1),
            _layer(64, self.num_features, kernel_size=3, stride=2),
        )
        self.digit = nn.Linear(self.num_features, MNISTDataModule.n_classes)
        self.corruption = nn.Linear(self.num_features, 1 + N_CORRUPTED)

    def forward(self, images: Tensor) -> Tensor:
        """Features, at least 0; images of other data are brought to 32 pixels, and each of their channels seen alone.

        Args:
            images: float32 [N, C, H, W] in [-1, 1].

        Returns:
            float32 [N, 64 C].
        """
        if images.shape[2:] != MNISTDataModule.shape[1:]:
            images = resize(images, list(MNISTDataModule.shape[1:]), antialias=True)
        return self.body(images.reshape(-1, 1, *images.shape[2:])).mean(dim=(2, 3)).view(len(images), -1)


def load_features() -> MNISTFeatures:
    """The trained network on the CPU, frozen and in evaluation mode."""
    network = MNISTFeatures()
    network.load_state_dict(torch.load(WEIGHTS, weights_only=True))
    return network.eval().requires_grad_(False)


def train_features(data: LabelledData, seed: int = 0) -> MNISTFeatures:
    """Trains the network with AdamW and a one-cycle learning rate; the same seed gives the same weights.

    Args:
        data: corrupted MNIST.
        seed: draws the initial weights and the order of the images.

    Returns:
        The network in evaluation mode.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = MNISTFeatures()
        batches = [batch for _ in range(EPOCHS) for batch in torch.randperm(len(data)).split(BATCH_SIZE)]
    optimizer = torch.optim.AdamW(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=len(batches))
    for batch in track(batches, "training the features"):
        optimizer.zero_grad()
        _loss(network, data[batch]).backward()
        optimizer.step()
        schedule.step()
    return network.eval()


@torch.inference_mode()
def accuracy(network: MNISTFeatures, data: LabelledData) -> tuple[float, float]:
    """Share of images whose digit is told, and share whose corruption is told by kind and severity both."""
    features = torch.cat([network(data[part].x) for part in torch.arange(len(data)).split(500)])
    digit = network.digit(features).argmax(dim=1) == data.label
    corruption = network.corruption(features).argmax(dim=1) == _corruption_class(data.corruption, data.severity)
    return float(digit.float().mean()), float(corruption.float().mean())


def _layer(n_in: int, n_out: int, kernel_size: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(n_in, n_out, kernel_size, stride, padding=kernel_size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(n_out), nn.ReLU())


def _loss(network: MNISTFeatures, batch: Batch) -> Tensor:
    features = network(batch.x)
    corruption = _corruption_class(batch.corruption, batch.severity)
    return cross_entropy(network.digit(features), batch.label) + cross_entropy(network.corruption(features), corruption)


def _corruption_class(corruption: Tensor, severity: Tensor) -> Tensor:
    """0 for a clean image, then one class a kind and severity; int64 [N]."""
    return torch.where(corruption > 0, (corruption - 1) * N_SEVERITIES + severity, 0)


def main(folder: str = "data") -> None:
    """Trains the network, rewrites its weights and prints its accuracies on the test images."""
    data = MNISTDataModule(folder, Corruption())
    data.setup()
    network = train_features(data.train)
    torch.save(network.state_dict(), WEIGHTS)
    digit, corruption = accuracy(network, data.test)
    Console().print(
        f"{WEIGHTS}: digit {digit:.1%}, corruption {corruption:.1%} of the test images told", soft_wrap=True
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
