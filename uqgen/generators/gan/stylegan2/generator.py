"""The generator: a mapping network to W, and layers of modulated convolutions whose noise the style gates."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn

from uqgen.generators.embedding import ConditionEmbedding
from uqgen.generators.gan.interface import ConditionalGenerator
from uqgen.generators.gan.stylegan2.sizes import base_size, small_channels
from uqgen.generators.latent import Latent, StyleMix
from uqgen.generators.layers import (
    ACTIVATION_GAIN,
    EqualisedLinear,
    ModulatedConv,
    activate,
    normalise_second_moment,
    upsample,
)
from uqgen.settings import require_bool, require_integer, require_number


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

    def forward(self, z: Tensor, parts: Sequence[Tensor]) -> Tensor:
        """z float [N, latent_dim] and the encoded condition to w float [N, w_dim]."""
        z, condition = self.z_scale * normalise_second_moment(z), self.condition_scale * self.embedding(parts)
        return self.layers(torch.cat([z, condition], dim=1))

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *args: Any) -> None:
        """Weights of an earlier version hold a mean w, for truncation."""
        state_dict.pop(f"{prefix}mean_w", None)
        super()._load_from_state_dict(state_dict, prefix, *args)


class SynthesisLayer(nn.Module):
    """Modulated convolution, per-pixel noise, bias, leaky ReLU; optionally upsamples what the convolution gives.

    The style says how much of the noise is added, by a factor of 0 or more: clean images have none, and noisy ones as
    much as real ones. In StyleGAN2 it is the same for all images. A layer without `noise` adds none.

    Examples:
        >>> layer = SynthesisLayer(8, 4, w_dim=16, up=True)
        >>> layer(torch.zeros(2, 8, 4, 4), layer.conv.style(torch.zeros(2, 16)), torch.zeros(2, 1, 8, 8)).shape
        torch.Size([2, 4, 8, 8])
    """

    def __init__(self, in_channels: int, out_channels: int, w_dim: int, up: bool, noise: bool = True) -> None:
        super().__init__()
        self.conv = ModulatedConv(in_channels, out_channels, 3, w_dim)
        if noise:
            self.noise_strength = nn.Parameter(torch.zeros(()))
            self.noise_gate = EqualisedLinear(in_channels, 1, bias_init=1.0)
        self.has_noise = noise
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.up = up

    def forward(self, x: Tensor, style: Tensor, noise: Tensor | None) -> Tensor:
        """Float [N, in_channels, H, W] to [N, out_channels, H, W], or 2H x 2W; with noise [N, 1, ., .] of that size."""
        y = self.conv(x, style, gain=ACTIVATION_GAIN)
        y = y + (ACTIVATION_GAIN * self.bias).to(y.dtype)[:, None, None]
        if self.up:
            y = upsample(y)
        if noise is not None:
            gate = self.noise_gate(style).relu()[:, :, None, None]
            y = y + (ACTIVATION_GAIN * self.noise_strength * gate * noise).to(y.dtype)
        return activate(y)

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *args: Any) -> None:
        """Weights of an earlier version have no gate: it is 1 then."""
        for name, value in (("weight", 0), ("bias", 1)) if self.has_noise else ():
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
        noise: whether layers add per-pixel noise; without, all that is random about an image is z.

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
        noise: bool = True,
    ) -> None:
        super().__init__()
        channels = small_channels(shape) if channels is None else channels
        base = base_size(shape, channels)
        for name, value in {"latent_dim": latent_dim, "w_dim": w_dim, "mapping_depth": mapping_depth}.items():
            require_integer(name, value, 1)
        require_bool("noise", noise)
        require_number("mapping_lr_multiplier", mapping_lr_multiplier, 1e-6, 1)
        self.latent_dim = latent_dim
        self.mapping = Mapping(part_dims, latent_dim, w_dim, mapping_depth, mapping_lr_multiplier)
        self.constant = nn.Parameter(torch.randn(1, channels[0], base, base))
        self.layers = nn.ModuleList([SynthesisLayer(channels[0], channels[0], w_dim, False, noise)])
        self.to_image = nn.ModuleList([ModulatedConv(channels[0], shape[0], 1, w_dim, demodulate=False)])
        for before, after in pairwise(channels):
            self.layers.append(SynthesisLayer(before, after, w_dim, True, noise))
            self.layers.append(SynthesisLayer(after, after, w_dim, False, noise))
            self.to_image.append(ModulatedConv(after, shape[0], 1, w_dim, demodulate=False))
        self.image_bias = nn.Parameter(torch.zeros(shape[0], 1, 1))
        sizes = [base * 2**level for level in range(len(channels))]
        self.layer_sizes = [sizes[0]] + [size for size in sizes[1:] for _ in range(2)]
        self.has_noise = noise

    @property
    def n_layers(self) -> int:
        """Number of layers that take a w of their own."""
        return len(self.layers)

    def draw_latent(self, n: int, rng: torch.Generator) -> Latent:
        """Draws z float32 [n, latent_dim] and the per-pixel noise of every layer, if any, from `rng`, on its device."""
        z = torch.randn(n, self.latent_dim, generator=rng, device=rng.device)
        sizes = self.layer_sizes if self.has_noise else []
        noise = (torch.randn(n, 1, size, size, generator=rng, device=rng.device) for size in sizes)
        return Latent(z, tuple(noise))

    def draw_mix(self, n: int, probability: float, rng: torch.Generator) -> StyleMix:
        """Draws, for each of n images, whether (with this probability) and from which layer on another z takes over."""
        z = torch.randn(n, self.latent_dim, generator=rng, device=rng.device)
        from_layer = torch.randint(1, self.n_layers, (n,), generator=rng, device=rng.device)
        never = torch.rand(n, generator=rng, device=rng.device) >= probability
        return StyleMix(z, from_layer.masked_fill(never, self.n_layers))

    def forward(self, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """Makes images.

        Args:
            latent: N latents.
            parts: the encoded condition, one float [N, part_dims[i]] for each part.

        Returns:
            float32 [N, C, H, W], in [-1, 1] but for overshoot.
        """
        return self.synthesise(self.layerwise_w(latent, parts), latent.noise)

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
            noise: per-pixel noise of each layer, as in `Latent`; empty for a generator without.

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
        of_images, of_layers = styles[self.n_layers :], noise if self.has_noise else [None] * self.n_layers
        x = self.constant.expand(len(styles[0]), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        x = self.layers[0](x, styles[0], of_layers[0])
        image = self.to_image[0](x, of_images[0]).float()
        for level in range(1, len(self.to_image)):
            for layer in (2 * level - 1, 2 * level):
                x = self.layers[layer](x, styles[layer], of_layers[layer])
            image = upsample(image) + self.to_image[level](x, of_images[level]).float()
        return image + self.image_bias
