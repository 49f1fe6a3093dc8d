"""Layers with an equalised learning rate: weights are drawn from N(0, 1) and scaled as they are used.

Sources: Karras et al. (2018), "Progressive growing of GANs", section 4.1 (equalised learning rate); Karras et al.
(2020), "Analyzing and improving the image quality of StyleGAN" (StyleGAN2), section 2.2 (modulated convolution).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.2
ACTIVATION_GAIN = math.sqrt(2)  # keeps the second moment through the leaky ReLU


def activate(x: Tensor) -> Tensor:
    """Leaky ReLU with slope 0.2; callers fold `ACTIVATION_GAIN` into what is cheaper to scale than `x`."""
    return F.leaky_relu_(x, SLOPE)


def normalise_second_moment(x: Tensor) -> Tensor:
    """Scales each row of float [N, D] to mean square one."""
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


def upsample(x: Tensor) -> Tensor:
    """Bilinear, [N, C, H, W] to [N, C, 2H, 2W]."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def channels_last(x: Tensor) -> Tensor:
    """[N, C, H, W] with its channels last in memory, as the strides say even of one channel.

    Both layouts of one channel are the same memory, and PyTorch takes it for the other one: what follows a convolution
    of it then mixes layouts, which costs thirty times as much.
    """
    n, c, h, w = x.shape
    return x.permute(0, 2, 3, 1).reshape(n, -1).view(n, h, w, c).permute(0, 3, 1, 2)


class EqualisedLinear(nn.Module):
    """Fully connected layer, [N, in_features] to [N, out_features].

    Args:
        in_features, out_features: widths.
        bias_init: initial value of every bias.
        activation: whether a leaky ReLU follows, with its gain.
        lr_multiplier: learning rate of this layer relative to the others.

    Examples:
        >>> EqualisedLinear(8, 4, activation=True)(torch.zeros(2, 8)).shape
        torch.Size([2, 4])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias_init: float = 0.0,
        activation: bool = False,
        lr_multiplier: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features) / lr_multiplier)
        self.bias = nn.Parameter(torch.full((out_features,), bias_init / lr_multiplier))
        gain = ACTIVATION_GAIN if activation else 1.0
        self.weight_scale = gain * lr_multiplier / math.sqrt(in_features)
        self.bias_scale = gain * lr_multiplier
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """Float [N, in_features] to float [N, out_features]."""
        # A batch is smaller than the weights: it is what is cheaper to scale.
        y = F.linear(x * self.weight_scale, self.weight, self.bias * self.bias_scale)
        return activate(y) if self.activation else y


class EqualisedConv(nn.Module):
    """Convolution that keeps height and width, [N, in_channels, H, W] to [N, out_channels, H, W].

    Args:
        in_channels, out_channels: numbers of channels.
        kernel: odd width of the kernel.
        activation: whether a leaky ReLU follows, with its gain.
        bias: whether a bias is added.

    Examples:
        >>> EqualisedConv(8, 4, kernel=3)(torch.zeros(2, 8, 16, 16)).shape
        torch.Size([2, 4, 16, 16])
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, activation: bool = True, bias: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        self.gain = ACTIVATION_GAIN if activation else 1.0
        self.weight_scale = self.gain / math.sqrt(in_channels * kernel**2)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """Float [N, in_channels, H, W] to float [N, out_channels, H, W]."""
        bias = None if self.bias is None else self.bias * self.gain
        y = F.conv2d(x, self.weight * self.weight_scale, bias, padding=self.weight.shape[2] // 2)
        return activate(y) if self.activation else y


class ModulatedConv(nn.Module):
    """Convolution whose input channels are scaled by a style: StyleGAN2, equations 1 and 3.

    Scaling the weights per sample needs a grouped convolution; scaling the inputs by the style and the outputs by the
    demodulation factor is the same function and leaves one ordinary convolution for the whole batch.

    Args:
        in_channels, out_channels: numbers of channels.
        kernel: odd width of the kernel.
        w_dim: width of W.
        demodulate: whether each output channel is scaled back to unit expected variance.

    Examples:
        >>> convolution = ModulatedConv(8, 4, kernel=3, w_dim=16)
        >>> convolution(torch.zeros(2, 8, 16, 16), convolution.style(torch.zeros(2, 16))).shape
        torch.Size([2, 4, 16, 16])
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, w_dim: int, demodulate: bool = True) -> None:
        super().__init__()
        self.affine = EqualisedLinear(w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel, kernel))
        self.weight_scale = 1 / math.sqrt(in_channels * kernel**2)
        self.demodulate = demodulate

    def style(self, w: Tensor) -> Tensor:
        """What scales the input channels, float [N, w_dim] to float [N, in_channels]."""
        return self.affine(w)

    def forward(self, x: Tensor, style: Tensor, gain: float = 1.0) -> Tensor:
        """Convolves.

        Args:
            x: float [N, in_channels, H, W].
            style: float [N, in_channels].
            gain: the output is multiplied by it, at no cost where outputs are demodulated.

        Returns:
            float [N, out_channels, H, W].
        """
        weight = self.weight * (self.weight_scale if self.demodulate else self.weight_scale * gain)
        y = F.conv2d(x * style.to(x.dtype)[:, :, None, None], weight, padding=self.weight.shape[2] // 2)
        if self.demodulate:
            y = y * (gain * self._demodulation(style, weight)).to(y.dtype)[:, :, None, None]
        return y

    def _demodulation(self, style: Tensor, weight: Tensor) -> Tensor:
        with torch.autocast(style.device.type, enabled=False):  # a sum of squares over all inputs wants fp32
            return (style.float().square() @ weight.float().square().sum(dim=(2, 3)).T + 1e-8).rsqrt()
