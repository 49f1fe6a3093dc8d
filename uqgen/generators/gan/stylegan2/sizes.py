"""Which resolutions the networks have, and how many channels."""

import math
from collections.abc import Sequence

from uqgen.settings import require, require_integer

SMALL_CHANNELS = (64, 48, 32, 16)  # at the lowest resolutions


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
