"""How much a score changes under changes that hardly change the picture: an adversarial image loses its score."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from uqgen import seeding
from uqgen.data.labelled import to_uint8, unit_range
from uqgen.data.shifts import DIRECTIONS, shifted
from uqgen.metrics.metric import Evaluated, Metric, Row, Sample, control, register
from uqgen.metrics.ratio import Ratio

N_MOST = 2_000  # images changed on either side
NOISE = 0.02  # of the range of pixels, or of the standard deviation of each coordinate
CHANGING = 3  # a stream of random numbers


@dataclass(frozen=True)
class Change:
    """Mean |change| of the score.

    Attributes:
        noise: under Gaussian noise.
        shift: under a shift by one pixel, mean over the four directions; None for points.
    """

    noise: float
    shift: float | None


@dataclass(frozen=True)
class LocalSensitivity:
    """Mean |change| of the scores of generated images, beside that of real images of the same scores.

    Attributes:
        noise, shift: see `Change`; ratios far above 1 speak of adversarial images.
    """

    noise: Ratio
    shift: Ratio | None

    @classmethod
    def of(cls, generated: Change, real: Change) -> "LocalSensitivity":
        """Puts the changes of both beside each other."""
        shift = None
        if generated.shift is not None and real.shift is not None:
            shift = Ratio.of(generated.shift, real.shift)
        return cls(Ratio.of(generated.noise, real.noise), shift)


@control("local_sensitivity")
def of_evaluation(found: Evaluated) -> LocalSensitivity:
    """Of images requested uniformly, beside real ones that have the scores requested."""
    sigma = 2 * NOISE if found.is_image else NOISE * found.train.x.std(dim=0)  # pixels span 2 in [-1, 1]
    seed = seeding.derive(found.seed, CHANGING)

    def change(side: Sample, place: Tensor) -> Change:
        x, label = side.x[place], side.label[place]
        return change_of_score(x, lambda x: found.score_of(x, label), sigma, seed)

    first = torch.arange(min(N_MOST, len(found.matched)))
    return LocalSensitivity.of(change(found.uniform, first), change(found.real, found.matched[first]))


def change_of_score(x: Tensor, score: Callable[[Tensor], Tensor], sigma: Tensor | float, seed: int) -> Change:
    """Changes images a little and looks at their scores.

    Args:
        x: uint8 [N, C, H, W], or points float32 [N, 2].
        score: of the target; [N, ...] like x to float32 [N].
        sigma: standard deviation of the noise, in [-1, 1] for images; float32 [2] for points. Noisy images are clipped
            and rounded to 256 levels, as every picture is.
        seed: draws the noise.
    """
    before = score(x)
    noisy = unit_range(x) + sigma * torch.randn(x.shape, generator=seeding.generator(seed))
    if x.dim() != 4:
        return Change(_mean_change(score(noisy), before), None)
    shifts = [_mean_change(score(shifted(x, *direction)), before) for direction in DIRECTIONS]
    return Change(_mean_change(score(to_uint8(noisy)), before), sum(shifts) / len(shifts))


def _mean_change(after: Tensor, before: Tensor) -> float:
    return float((after - before).abs().mean())


def _of_change(change: str, in_full: str) -> Metric:
    path = f"controls/local_sensitivity/{change}"
    columns = {"generated": f"{path}/generated", "real": f"{path}/real"}
    return Metric(
        f"{path}/ratio",
        f"change by {change} / real",
        "lower",
        name=f"{change}_sensitivity",
        theme="controls",
        rows=[Row("controls", f"change of the score by {in_full}", columns, "{:#.3g}", missing="")],
    )


register(_of_change("noise", "a little noise"), _of_change("shift", "a shift of one pixel"))
