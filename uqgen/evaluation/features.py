"""The network whose features FID and KID compare: small, and trained on images of the kind that is compared.

It is trained to tell both the class and how the image was corrupted, so that its features see blur and noise as well as
shape (`uqgen.evaluation.feature_training`).
"""

import math
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.transforms.v2.functional import resize

from uqgen.classifiers.recipe import load_weights
from uqgen.data.corruption import CORRUPTIONS, N_SEVERITIES
from uqgen.data.labelled import LabelledData

SIZE = 32  # pixels, for which the layers are made
N_CORRUPTED = (len(CORRUPTIONS) - 1) * N_SEVERITIES  # clean is one class more


class FeatureNetwork(nn.Module):
    """Small convolutional network; its features are averaged over the image after the last layer.

    Images are enlarged to the next multiple of 32 pixels, and the windows of the first layer grow with it, so that the
    other layers see images of any size alike.

    Args:
        shape: of an image, (C, H, H).
        n_classes: number of classes K.

    Attributes:
        num_features: number of features of an image.

    Examples:
        >>> FeatureNetwork((3, 64, 64), n_classes=10)(torch.zeros(2, 3, 64, 64)).shape
        torch.Size([2, 64])
    """

    num_features = 64

    def __init__(self, shape: tuple[int, ...], n_classes: int) -> None:
        super().__init__()
        scale = math.ceil(shape[-1] / SIZE)
        self.size = scale * SIZE
        self.body = nn.Sequential(
            _layer(shape[0], 24, kernel_size=4 * scale + 1, stride=2 * scale),
            _layer(24, 48, kernel_size=3, stride=2),
            _layer(48, 64, kernel_size=3, stride=1),
            _layer(64, self.num_features, kernel_size=3, stride=2),
        )
        self.label = nn.Linear(self.num_features, n_classes)
        self.corruption = nn.Linear(self.num_features, 1 + N_CORRUPTED)

    def forward(self, images: Tensor) -> Tensor:
        """Features, at least 0.

        Args:
            images: float32 [N, C, H, H] in [-1, 1].

        Returns:
            float32 [N, 64].
        """
        if images.shape[-1] != self.size:
            images = resize(images, [self.size, self.size])
        return self.body(images).mean(dim=(2, 3))


def load_features(path: Path, shape: tuple[int, ...], n_classes: int) -> FeatureNetwork:
    """A trained network on the CPU, frozen and in evaluation mode; no code in the file is run.

    Args:
        path: file of its weights.
        shape, n_classes: see `FeatureNetwork`.

    Raises:
        SettingError: the file is missing or does not fit.
    """
    network = FeatureNetwork(shape, n_classes)
    load_weights(network, path, "features")
    return network.eval().requires_grad_(False)


@torch.inference_mode()
def feature_accuracy(network: FeatureNetwork, data: LabelledData) -> tuple[float, float]:
    """Share of images whose class is recognised, and share whose corruption is recognised by kind and severity both."""
    features = torch.cat([network(data[part].x) for part in torch.arange(len(data)).split(500)])
    label = network.label(features).argmax(dim=1) == data.label
    corruption = network.corruption(features).argmax(dim=1) == corruption_class(data.corruption, data.severity)
    return float(label.float().mean()), float(corruption.float().mean())


def corruption_class(corruption: Tensor, severity: Tensor) -> Tensor:
    """0 for a clean image, then one class a kind and severity; int64 [N]."""
    return torch.where(corruption > 0, (corruption - 1) * N_SEVERITIES + severity, 0)


def _layer(n_in: int, n_out: int, kernel_size: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(n_in, n_out, kernel_size, stride, padding=kernel_size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(n_out), nn.ReLU())
