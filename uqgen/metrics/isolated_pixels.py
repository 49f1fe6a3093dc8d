"""Single pixels that differ from a ground around them: an eye finds each, features of whole images do not.

A generator that is off by a little in one pixel of ten thousand leaves a light pixel on a black ground in every
tenth image. Distances and neighbours hardly change by it; a person who has seen it once knows the image by it.
"""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from uqgen.chunks import mapped, rows_at_once
from uqgen.metrics.metric import Evaluated, Metric, Row, Sample, control, register
from uqgen.metrics.share_ratio import ShareRatio

VISIBLE = 16  # of 255 levels by which a pixel differs from the ground; an eye finds hardly any fainter one
LEAST_GROUND = 0.1  # of an image's pixels; of noise about black 0.002 have black pixels alone around them
FEWEST = 100  # images with ground on either side
MAPS = 4  # of float32, as large as the images, that are held to count
BLACK, WHITE = 0, 255


@control("isolated_pixels")
def of_evaluation(found: Evaluated) -> ShareRatio | None:
    """Of images requested as in the data, beside real ones; None of points, and where few images have any ground."""
    return isolated_pixels(found.as_data, found.real) if found.is_image else None


def isolated_pixels(generated: Sample, real: Sample) -> ShareRatio | None:
    """Compares the shares of images with an isolated pixel, among those that have a ground on which one would see it.

    Args:
        generated, real: whose x is uint8 [N, C, H, W].
    """
    ours, theirs = (_found(side.x) for side in (generated, real))
    if min(len(ours), len(theirs)) < FEWEST:
        return None
    return ShareRatio.of(int(theirs.sum()), int(ours.sum()), len(theirs), len(ours))


def count_isolated(images: Tensor) -> tuple[Tensor, Tensor]:
    """Isolated pixels, and pixels of the ground.

    Ground are pixels that are black, or white, in every channel, as all their neighbours are. A pixel is isolated where
    its neighbours, eight or at an edge fewer, are all black, or all white, and it differs from them visibly.

    Args:
        images: uint8 [N, C, H, W].

    Returns:
        Their number in each image, int64 [N] both.
    """
    isolated, ground = torch.zeros(2, len(images), dtype=torch.long, device=images.device)
    for end in (BLACK, WHITE):
        difference = (images.short() - end).abs().amax(dim=1, keepdim=True)
        # Of each pixel, how many of the nine in and around it differ at all.
        n_differ = avg_pool2d((difference > 0).float(), 3, stride=1, padding=1, divisor_override=1)
        isolated += ((n_differ == 1) & (difference >= VISIBLE)).sum(dim=(1, 2, 3))
        ground += (n_differ == 0).sum(dim=(1, 2, 3))
    return isolated, ground


def _found(images: Tensor) -> Tensor:
    """Of each image with enough ground, whether a pixel is isolated; bool [M]."""
    at_once = max(1, rows_at_once(images) // MAPS)
    counts = mapped(images, lambda part: torch.stack(count_isolated(part), dim=1), at_once)
    isolated, ground = counts.unbind(dim=1)
    return isolated[ground >= LEAST_GROUND * images[0, 0].numel()] > 0


_PATH = "controls/isolated_pixels"
_TITLE = "share of images with an isolated pixel"
register(
    Metric(
        f"{_PATH}/generated",
        _TITLE,
        "lower",
        name="isolated_pixels",
        theme="realism",
        floor=f"{_PATH}/real",
        data="images",
        rows=[Row("controls", _TITLE, {"generated": f"{_PATH}/generated", "real": f"{_PATH}/real"}, "{:.3f}")],
    )
)
