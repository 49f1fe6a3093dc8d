"""The velocity of a flow on images: a U-Net (Ronneberger et al., 2015) given the time and the condition.

Blocks of pixels are folded into channels on the way in and unfolded on the way out (Shi et al., 2016, section 3.2): the
convolutions then run at half the resolution, on channels that fill a processor's registers. Blocks are residual, with
layer norm scaled and shifted by time and condition (Dhariwal and Nichol, 2021, section 3).
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from uqgen.generators.flow.velocity import TimeAndCondition, Velocity
from uqgen.settings import require, require_integer

MULTIPLE = 8  # of channels, which fills a processor's registers


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each pixel, as ConvNeXt has it (Liu et al., 2022, section 2.6).

    On a CPU it takes a third of the time of group norm where channels lie last in memory.

    Examples:
        >>> ChannelNorm(8)(torch.zeros(2, 8, 4, 4)).shape
        torch.Size([2, 8, 4, 4])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Float [N, C, H, W] to as many, of mean 0 and variance 1 over C before weight and bias."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Block(nn.Module):
    """Residual block, [N, in_channels, H, W] to [N, out_channels, H, W].

    Examples:
        >>> Block(8, 16, embedding=32)(torch.zeros(2, 8, 4, 4), torch.zeros(2, 32)).shape
        torch.Size([2, 16, 4, 4])
    """

    def __init__(self, in_channels: int, out_channels: int, embedding: int) -> None:
        super().__init__()
        self.norm_in = ChannelNorm(in_channels)
        self.conv_in = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.modulation = nn.Linear(embedding, 2 * out_channels)
        self.norm_out = ChannelNorm(out_channels, elementwise_affine=False)
        self.conv_out = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.skip = nn.Identity() if in_channels == out_channels else nn.Conv2d(in_channels, out_channels, 1)
        for weight in (*self.modulation.parameters(), *self.conv_out.parameters()):
            nn.init.zeros_(weight)  # the block begins as its skip connection

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """Features, and the embedding of time and condition, float [N, embedding]."""
        scale, shift = self.modulation(embedding)[:, :, None, None].to(x.dtype).chunk(2, dim=1)
        y = self.conv_in(F.silu(self.norm_in(x)))
        y = torch.addcmul(shift, self.norm_out(y).to(x.dtype), 1 + scale)
        return self.skip(x) + self.conv_out(F.silu(y))


class UNet(Velocity):
    """Velocity of images.

    Args:
        shape: (C, H, W) of an image, H = W.
        part_dims: width of each part of the encoded condition.
        channels: feature channels at each resolution, highest first; multiples of 8. The first resolution is that of
            the folded image, each other half of the one before.
        blocks: residual blocks at each resolution, on either side.
        embedding: width of the embedding of time and condition.
        fold: height and width of a block of pixels that is folded into channels.

    Raises:
        SettingError: the data are no images, a width is not allowed, or the size does not halve so often.

    Examples:
        >>> velocity = UNet((1, 16, 16), part_dims=(10, 2), channels=(8, 16), embedding=16)
        >>> parts = [torch.zeros(4, 10), torch.zeros(4, 2)]
        >>> velocity(torch.zeros(4, 1, 16, 16), torch.rand(4), parts).shape
        torch.Size([4, 1, 16, 16])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        part_dims: Sequence[int],
        channels: Sequence[int] = (32, 64, 128),
        blocks: int = 1,
        embedding: int = 128,
        fold: int = 2,
    ) -> None:
        super().__init__()
        _check(shape, channels, fold)
        require_integer("blocks", blocks, 1)
        require_integer("embedding", embedding, 1)
        self.fold = fold
        self.told = TimeAndCondition(part_dims, embedding)
        self.stem = nn.Conv2d(shape[0] * fold**2, channels[0], 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        skips, width = [channels[0]], channels[0]
        for level, n in enumerate(channels):
            if level > 0:
                self.down.append(nn.Conv2d(width, width, 3, stride=2, padding=1))
                skips.append(width)
            for _ in range(blocks):
                self.down.append(Block(width, n, embedding))
                skips.append(n)
                width = n
        self.middle = nn.ModuleList(Block(width, width, embedding) for _ in range(2))
        for level, n in reversed(list(enumerate(channels))):
            for _ in range(blocks + 1):
                self.up.append(Block(width + skips.pop(), n, embedding))
                width = n
            if level > 0:
                self.up.append(nn.Upsample(scale_factor=2))
        self.norm = ChannelNorm(width)
        self.out = nn.Conv2d(width, shape[0] * fold**2, 3, padding=1)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor, time: Tensor, parts: Sequence[Tensor], keep: Tensor | None = None) -> Tensor:
        """See `Velocity`."""
        embedded = F.silu(self.told(time, parts, keep))
        y = self.stem(F.pixel_unshuffle(x, self.fold).contiguous(memory_format=torch.channels_last))
        skips = [y]
        for layer in self.down:
            y = layer(y, embedded) if isinstance(layer, Block) else layer(y)
            skips.append(y)
        for block in self.middle:
            y = block(y, embedded)
        for layer in self.up:
            y = layer(torch.cat([y, skips.pop()], dim=1), embedded) if isinstance(layer, Block) else layer(y)
        return F.pixel_shuffle(self.out(F.silu(self.norm(y))).float(), self.fold)


def _check(shape: Sequence[int], channels: Sequence[int], fold: int) -> None:
    require(len(shape) == 3, "_target_", "UNet", f"networks for data of shape {(*shape,)}, as model=flow_mlp has")
    require_integer("fold", fold, 1)
    multiples = all(isinstance(n, int) and n > 0 and n % MULTIPLE == 0 for n in channels)
    require(multiples, "channels", list(channels), f"multiples of {MULTIPLE}")
    step = fold * 2 ** (len(channels) - 1)
    fits = len(channels) > 0 and shape[1] == shape[2] and shape[1] % step == 0
    most = int(math.log2(shape[1] & -shape[1])) if shape[1] else 0
    allowed = f"with fold={fold} at most {max(0, most - int(math.log2(fold))) + 1} numbers for {shape[1]} x {shape[2]}"
    require(fits, "channels", list(channels), allowed)
