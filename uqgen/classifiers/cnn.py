"""A small convolutional network for images of any size and number of channels."""

from collections.abc import Sequence

import torch
from lightning.pytorch.core.mixins.hparams_mixin import HyperparametersMixin
from torch import Tensor, nn

from uqgen.settings import require, require_integer, require_list, require_number


class CNN(nn.Sequential, HyperparametersMixin):
    """Convolutions (3 x 3, batch norm, ReLU, max pooling), then one hidden fully connected layer.

    Maps images float32 [N, C, H, W] in [-1, 1] to logits float32 [N, K].

    Args:
        shape: (C, H, W) of an image.
        n_classes: number of classes K.
        channels: output channels of each convolution; every one halves height and width.
        hidden: width of the hidden layer.
        dropout: share of the hidden activations that are dropped in training.

    Raises:
        SettingError: there is no convolution, there are more than the image can be halved, or a width is not positive.

    Examples:
        >>> CNN((3, 32, 32), n_classes=10)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        n_classes: int,
        channels: Sequence[int] = (16, 32),
        hidden: int = 64,
        dropout: float = 0.0,
    ) -> None:
        require(len(shape) == 3, "_target_", "CNN", f"networks for data of shape {tuple(shape)}, as classifier=mlp")
        require_list("channels", channels, "of widths, as [16,32]")
        in_channels, height, width = shape
        scale = 2 ** len(channels)
        require(
            min(height, width) >= scale, "channels", list(channels), f"few enough to halve {height} x {width} so often"
        )
        require_integer("hidden", hidden, 1)
        require_number("dropout", dropout, 0, 1)
        layers: list[nn.Module] = []
        for out_channels in channels:
            require_integer("channels", out_channels, 1)
            layers += [
                nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
                nn.MaxPool2d(2),
                nn.BatchNorm2d(out_channels),
                nn.ReLU(inplace=True),
            ]
            in_channels = out_channels
        flat = in_channels * (height // scale) * (width // scale)
        head = [
            nn.Flatten(),
            nn.Linear(flat, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, n_classes),
        ]
        super().__init__(*layers, *head)
        self.save_hyperparameters(logger=False)
        self.to(memory_format=torch.channels_last)  # twice as fast on a CPU

    def forward(self, x: Tensor) -> Tensor:
        """Logits float32 [N, K] of images float32 [N, C, H, W] in [-1, 1]."""
        return super().forward(x.contiguous(memory_format=torch.channels_last))
