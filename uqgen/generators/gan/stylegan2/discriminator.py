"""The discriminator: residual blocks, and a projection of the condition."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from uqgen.generators.embedding import ConditionEmbedding
from uqgen.generators.gan.interface import ConditionalDiscriminator
from uqgen.generators.gan.stylegan2.sizes import base_size, small_channels
from uqgen.generators.layers import EqualisedConv, EqualisedLinear, channels_last, normalise_second_moment
from uqgen.settings import require_integer, require_number


class DiscriminatorBlock(nn.Module):
    """Two convolutions and a skip connection; halves height and width.

    Examples:
        >>> DiscriminatorBlock(8, 16)(torch.zeros(2, 8, 8, 8)).shape
        torch.Size([2, 16, 4, 4])
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = EqualisedConv(in_channels, in_channels, 3)
        self.down = EqualisedConv(in_channels, out_channels, 3)
        self.skip = EqualisedConv(in_channels, out_channels, 1, activation=False, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Float [N, in_channels, H, W] to float [N, out_channels, H / 2, W / 2]."""
        skip = self.skip(F.avg_pool2d(x, 2))
        return (self.down(F.avg_pool2d(self.conv(x), 2)) + skip) * math.sqrt(0.5)


class Discriminator(ConditionalDiscriminator):
    """StyleGAN2's residual discriminator with a projection of the condition (Miyato and Koyama, 2018).

    Args:
        shape, part_dims, channels: as for the generator.
        w_dim: width of the embedded condition.
        mapping_depth: fully connected layers between the embedded condition and the projection.
        mapping_lr_multiplier: learning rate of those, relative to the rest.
        features: width of the last hidden layer, which meets the condition.
        group: images over which the minibatch standard deviation is taken (Karras et al., 2018, section 3); 1 for none.

    Raises:
        SettingError: the number of resolutions does not fit the image, or a width is not positive.

    Examples:
        >>> discriminator = Discriminator((1, 16, 16), part_dims=(10, 2), channels=(16, 8, 8), w_dim=16)
        >>> discriminator(torch.zeros(4, 1, 16, 16), [torch.zeros(4, 10), torch.zeros(4, 2)]).shape
        torch.Size([4])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        part_dims: Sequence[int],
        channels: Sequence[int] | None = None,
        w_dim: int = 512,
        mapping_depth: int = 2,
        mapping_lr_multiplier: float = 0.1,
        features: int = 256,
        group: int = 4,
    ) -> None:
        super().__init__()
        channels = small_channels(shape) if channels is None else channels
        base = base_size(shape, channels)
        positive = {"w_dim": w_dim, "mapping_depth": mapping_depth, "features": features, "group": group}
        for name, value in positive.items():
            require_integer(name, value, 1)
        require_number("mapping_lr_multiplier", mapping_lr_multiplier, 1e-6, 1)
        widths = list(reversed(channels))
        self.group, self.n_features = group, features
        self.from_image = EqualisedConv(shape[0], widths[0], 1)
        self.blocks = nn.Sequential(*map(DiscriminatorBlock, widths[:-1], widths[1:]))
        self.conv = EqualisedConv(widths[-1] + (group > 1), widths[-1], 3)
        self.hidden = EqualisedLinear(widths[-1] * base**2, features, activation=True)
        self.embedding = ConditionEmbedding(part_dims, w_dim)
        in_features = [self.embedding.out_features] + [w_dim] * (mapping_depth - 1)
        self.mapping = nn.Sequential(
            *(EqualisedLinear(n, w_dim, activation=True, lr_multiplier=mapping_lr_multiplier) for n in in_features),
        )
        self.project = EqualisedLinear(w_dim, features)
        self.out = EqualisedLinear(features, 1)

    def forward(self, x: Tensor, parts: Sequence[Tensor]) -> Tensor:
        """Images float32 [N, C, H, W] in [-1, 1] and their encoded condition to logits float32 [N], high for real.

        Each `group` of neighbours in the batch shares a minibatch standard deviation, so real and generated images can
        go through in one batch as long as their numbers are multiples of `group`.
        """
        features = self.features(x)
        with torch.autocast(x.device.type, enabled=False):  # a logit in bf16 would have two digits
            condition = normalise_second_moment(self.project(self.mapping(self.embedding(parts))))
            projection = (features * condition).sum(dim=1) / math.sqrt(features.shape[1])
            return self.out(features).squeeze(1) + projection

    def features(self, x: Tensor) -> Tensor:
        """See `ConditionalDiscriminator`; the last hidden layer, before it meets the condition."""
        maps = self.blocks(self.from_image(channels_last(x)))
        maps = append_group_deviation(maps, self.group) if self.group > 1 else maps
        maps = self.conv(maps).flatten(1)
        with torch.autocast(x.device.type, enabled=False):
            return self.hidden(maps.float())


def append_group_deviation(x: Tensor, group: int) -> Tensor:
    """Appends one channel: the standard deviation over each group of neighbouring images, averaged over all features.

    Args:
        x: float [N, C, H, W].
        group: N is a multiple of it, or smaller (then the whole batch is one group).

    Returns:
        float [N, C + 1, H, W].
    """
    n = x.shape[0]
    group = min(group, n)
    grouped = x.float().reshape(n // group, group, -1)
    # `Tensor.var` along this dimension is several times as slow.
    variance = (grouped - grouped.mean(dim=1, keepdim=True)).square().mean(dim=1)
    deviation = (variance + 1e-8).sqrt().mean(dim=1)
    channel = deviation.repeat_interleave(group).to(x.dtype)[:, None, None, None]
    return torch.cat([x, channels_last(channel.expand(n, 1, *x.shape[2:]).contiguous())], dim=1)
