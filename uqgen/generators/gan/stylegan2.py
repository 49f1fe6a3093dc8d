"""Generator and discriminator for images: StyleGAN2, Karras et al. (2020), at any size and number of channels.

Where a convolution meets a change of resolution, it runs at the lower one (as the strided and transposed
convolutions of the paper do), followed by bilinear upsampling or preceded by average pooling: a quarter of the
arithmetic.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from uqgen import distributed
from uqgen.generators.embedding import ConditionEmbedding
from uqgen.generators.gan.interface import ConditionalDiscriminator, ConditionalGenerator
from uqgen.generators.latent import Latent, StyleMix
from uqgen.generators.layers import (
    ACTIVATION_GAIN,
    EqualisedConv,
    EqualisedLinear,
    ModulatedConv,
    activate,
    channels_last,
    normalise_second_moment,
    upsample,
)
from uqgen.settings import require, require_integer, require_number

MEAN_W_RATE = 0.005  # of the moving average of w, the centre of truncation
SMALL_CHANNELS = (64, 48, 32, 16)  # at the lowest resolutions


class Mapping(nn.Module):
    """Maps z and the embedded condition to W: fully connected layers over their normalised concatenation.

    However wide z is, and however many parts the condition has, both weigh alike, as in StyleGAN2, where both are as
    wide: a z that is one part among many is nearly ignored, and each condition gets one picture.

    Examples:
        >>> mapping = Mapping((10, 2), latent_dim=8, w_dim=16, depth=2, lr_multiplier=0.1)
        >>> mapping(torch.zeros(4, 8), [torch.zeros(4, 10), torch.zeros(4, 2)]).shape
        torch.Size([4, 16])
    """

    def __init__(self, part_dims: Sequence[int], latent_dim: int, w_dim: int, depth: int, lr_multiplier: float) -> None:
        super().__init__()
        self.embedding = ConditionEmbedding(part_dims, w_dim)
        widths = (latent_dim, self.embedding.out_features)
        self.z_scale, self.condition_scale = (math.sqrt(sum(widths) / (2 * width)) for width in widths)
        in_features = [sum(widths)] + [w_dim] * (depth - 1)
        self.layers = nn.Sequential(
            *(EqualisedLinear(n, w_dim, activation=True, lr_multiplier=lr_multiplier) for n in in_features)
        )
        self.register_buffer("mean_w", torch.zeros(w_dim))
        self.mean_w: Tensor

    def forward(self, z: Tensor, parts: Sequence[Tensor]) -> Tensor:
        """z float [N, latent_dim] and the encoded condition to w float [N, w_dim]; tracks the mean w in training."""
        z, condition = self.z_scale * normalise_second_moment(z), self.condition_scale * self.embedding(parts)
        w = self.layers(torch.cat([z, condition], dim=1))
        if self.training:
            self.mean_w.lerp_(distributed.mean(w.detach().float().mean(dim=0)), MEAN_W_RATE)
        return w


class SynthesisLayer(nn.Module):
    """Modulated convolution, per-pixel noise, bias, leaky ReLU; optionally upsamples what the convolution gives.

    The style says how much of the noise is added, by a factor of 0 or more: clean images have none, and noisy ones as
    much as real ones. In StyleGAN2 it is the same for all images.

    Examples:
        >>> layer = SynthesisLayer(8, 4, w_dim=16, up=True)
        >>> layer(torch.zeros(2, 8, 4, 4), layer.conv.style(torch.zeros(2, 16)), torch.zeros(2, 1, 8, 8)).shape
        torch.Size([2, 4, 8, 8])
    """

    def __init__(self, in_channels: int, out_channels: int, w_dim: int, up: bool) -> None:
        super().__init__()
        self.conv = ModulatedConv(in_channels, out_channels, 3, w_dim)
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.noise_gate = EqualisedLinear(in_channels, 1, bias_init=1.0)
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.up = up

    def forward(self, x: Tensor, style: Tensor, noise: Tensor) -> Tensor:
        """Float [N, in_channels, H, W] to [N, out_channels, H, W], or 2H x 2W; noise [N, 1, ., .] of that size."""
        y = self.conv(x, style, gain=ACTIVATION_GAIN)
        y = y + (ACTIVATION_GAIN * self.bias).to(y.dtype)[:, None, None]
        if self.up:
            y = upsample(y)
        gate = self.noise_gate(style).relu()[:, :, None, None]
        return activate(y + (ACTIVATION_GAIN * self.noise_strength * gate * noise).to(y.dtype))

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *args: Any) -> None:
        """Weights of an earlier version have no gate: it is 1 then."""
        for name, value in (("weight", 0), ("bias", 1)):
            state_dict.setdefault(f"{prefix}noise_gate.{name}", torch.full_like(getattr(self.noise_gate, name), value))
        super()._load_from_state_dict(state_dict, prefix, *args)


class Generator(ConditionalGenerator):
    """StyleGAN2's skip generator.

    Args:
        shape: (C, H, W) of an image; H = W = 4, 5, 6 or 7 times a power of two.
        part_dims: width of each part of the encoded condition.
        channels: feature channels at each resolution, lowest first; None for those of `small_channels`.
        latent_dim: width of z.
        w_dim: width of W.
        mapping_depth: fully connected layers between z and W.
        mapping_lr_multiplier: learning rate of those, relative to the rest.

    Raises:
        SettingError: the data are no images, the number of resolutions does not fit them, or a width is not positive.

    Examples:
        >>> generator = Generator((1, 16, 16), part_dims=(10, 2), channels=(16, 8, 8), latent_dim=8, w_dim=16)
        >>> latent = generator.draw_latent(4, torch.Generator().manual_seed(0))
        >>> generator(latent, [torch.zeros(4, 10), torch.zeros(4, 2)]).shape
        torch.Size([4, 1, 16, 16])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        part_dims: Sequence[int],
        channels: Sequence[int] | None = None,
        latent_dim: int = 512,
        w_dim: int = 512,
        mapping_depth: int = 2,
        mapping_lr_multiplier: float = 0.1,
    ) -> None:
        super().__init__()
        channels = small_channels(shape) if channels is None else channels
        base = base_size(shape, channels)
        for name, value in {"latent_dim": latent_dim, "w_dim": w_dim, "mapping_depth": mapping_depth}.items():
            require_integer(name, value, 1)
        require_number("mapping_lr_multiplier", mapping_lr_multiplier, 1e-6, 1)
        self.latent_dim = latent_dim
        self.mapping = Mapping(part_dims, latent_dim, w_dim, mapping_depth, mapping_lr_multiplier)
        self.constant = nn.Parameter(torch.randn(1, channels[0], base, base))
        self.layers = nn.ModuleList([SynthesisLayer(channels[0], channels[0], w_dim, up=False)])
        self.to_image = nn.ModuleList([ModulatedConv(channels[0], shape[0], 1, w_dim, demodulate=False)])
        for before, after in pairwise(channels):
            self.layers.append(SynthesisLayer(before, after, w_dim, up=True))
            self.layers.append(SynthesisLayer(after, after, w_dim, up=False))
            self.to_image.append(ModulatedConv(after, shape[0], 1, w_dim, demodulate=False))
        self.image_bias = nn.Parameter(torch.zeros(shape[0], 1, 1))
        sizes = [base * 2**level for level in range(len(channels))]
        self.noise_sizes = [sizes[0]] + [size for size in sizes[1:] for _ in range(2)]

    @property
    def n_layers(self) -> int:
        """Number of layers that take a w of their own."""
        return len(self.layers)

    def draw_latent(self, n: int, rng: torch.Generator) -> Latent:
        """Draws z float32 [n, latent_dim] and the per-pixel noise of every layer from `rng`, on its device."""
        z = torch.randn(n, self.latent_dim, generator=rng, device=rng.device)
        noise = (torch.randn(n, 1, size, size, generator=rng, device=rng.device) for size in self.noise_sizes)
        return Latent(z, tuple(noise))

    def draw_mix(self, n: int, probability: float, rng: torch.Generator) -> StyleMix:
        """Draws, for each of n images, whether (with this probability) and from which layer on another z takes over."""
        z = torch.randn(n, self.latent_dim, generator=rng, device=rng.device)
        from_layer = torch.randint(1, self.n_layers, (n,), generator=rng, device=rng.device)
        never = torch.rand(n, generator=rng, device=rng.device) >= probability
        return StyleMix(z, from_layer.masked_fill(never, self.n_layers))

    def forward(self, latent: Latent, parts: Sequence[Tensor], truncation: float = 1.0) -> Tensor:
        """Makes images.

        Args:
            latent: N latents.
            parts: the encoded condition, one float [N, part_dims[i]] for each part.
            truncation: 1 leaves w as it is, 0 makes every w the mean (StyleGAN2's psi).

        Returns:
            float32 [N, C, H, W], in [-1, 1] but for overshoot.
        """
        w = self.layerwise_w(latent, parts)
        if truncation != 1:
            w = self.mapping.mean_w.lerp(w, truncation)
        return self.synthesise(w, latent.noise)

    def layerwise_w(self, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """The w of each layer, float [n_layers, N, w_dim]: one for all, unless the latent mixes styles."""
        w = self.mapping(latent.z, parts).expand(self.n_layers, -1, -1)
        if latent.mix is None:
            return w
        layer = torch.arange(self.n_layers, device=w.device)
        takes_over = layer[:, None] >= latent.mix.from_layer[None, :]
        return torch.where(takes_over[:, :, None], self.mapping(latent.mix.z, parts), w)

    def code(self, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """See `ConditionalGenerator`; the w of every layer, float [N, n_layers, w_dim]."""
        return self.layerwise_w(latent, parts).transpose(0, 1)

    def decode(self, code: Tensor, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """See `ConditionalGenerator`."""
        return self.synthesise(code.transpose(0, 1), latent.noise)

    def synthesise(self, w: Tensor, noise: Sequence[Tensor]) -> Tensor:
        """Images from W.

        Args:
            w: float [n_layers, N, w_dim], one w for each layer (all the same unless styles are mixed).
            noise: per-pixel noise of each layer, as in `Latent`.

        Returns:
            float32 [N, C, H, W].
        """
        return self.paint(self.styles(w), noise)

    def styles(self, w: Tensor) -> tuple[Tensor, ...]:
        """StyleSpace (Wu et al., 2021): w float [n_layers, N, w_dim] to a style for each modulated convolution.

        Returns:
            float [N, in_channels] each: of the layers, then of what turns features into an image at each resolution.
        """
        of_layers = (cast(SynthesisLayer, layer).conv.style(w[number]) for number, layer in enumerate(self.layers))
        of_images = (cast(ModulatedConv, layer).style(w[2 * level]) for level, layer in enumerate(self.to_image))
        return (*of_layers, *of_images)

    def paint(self, styles: Sequence[Tensor], noise: Sequence[Tensor]) -> Tensor:
        """Images float32 [N, C, H, W] from what `styles` returns and the per-pixel noise of each layer."""
        of_images = styles[self.n_layers :]
        x = self.constant.expand(len(styles[0]), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        x = self.layers[0](x, styles[0], noise[0])
        image = self.to_image[0](x, of_images[0]).float()
        for level in range(1, len(self.to_image)):
            for layer in (2 * level - 1, 2 * level):
                x = self.layers[layer](x, styles[layer], noise[layer])
            image = upsample(image) + self.to_image[level](x, of_images[level]).float()
        return image + self.image_bias


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


def small_channels(shape: Sequence[int]) -> list[int]:
    """`SMALL_CHANNELS`, for as many resolutions as images of this shape have from 4..7 pixels up; the last goes on."""
    levels = int(math.log2(max(shape[-1], 4) / 4)) + 1
    return [*SMALL_CHANNELS[:levels], *SMALL_CHANNELS[-1:] * (levels - len(SMALL_CHANNELS))]


def base_size(shape: Sequence[int], channels: Sequence[int]) -> int:
    """The lowest resolution, for so many resolutions up to the image's.

    Raises:
        SettingError: it would not be a whole number from 4 to 7.
    """
    require(
        len(shape) == 3, "_target_", "StyleGAN2", f"networks for data of shape {tuple(shape)}, as model=gan_mlp has"
    )
    height, width = shape[1:]
    base, rest = divmod(height, 2 ** (len(channels) - 1))
    fits = height == width and rest == 0 and 4 <= base <= 7
    allowed = f"one number for each resolution from 4..7 pixels to {height} x {width}, or model=gan_any_size"
    require(fits, "channels", list(channels), allowed)
    for n in channels:
        require_integer("channels", n, 1)
    return base
