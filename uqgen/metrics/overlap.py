"""How far generated and real data overlap: precision, recall, density and coverage, from nearest neighbours.

Precision and recall: Kynkäänniemi et al. (2019), "Improved precision and recall metric for assessing generative
models", section 2. Density and coverage: Naeem et al. (2020), "Reliable fidelity and diversity metrics for generative
models", section 3.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.metric import Metric, Row, register

K = 5  # nearest neighbours, as in Naeem et al. (2020)
GROUPS = 10  # of the jackknife
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Overlap:
    """Four measures of a generated sample against a real one, each with a 95 % jackknife interval.

    The ball of a sample reaches to its k-th nearest neighbour in its own set.

    Attributes:
        precision: share of generated samples that lie in the ball of some real one; low where they look like none.
        recall: share of real samples that lie in the ball of some generated one; low where some kinds are not made.
        density: mean number of real balls that a generated sample lies in, divided by k; about 1 for real data, more
            where all are made alike in the midst of the real ones.
        coverage: share of real balls in which there is a generated sample; low where some kinds are not made.
    """

    precision: Estimate
    recall: Estimate
    density: Estimate
    coverage: Estimate


def overlap(real: Tensor, generated: Tensor, k: int = K, least: float = 0.0) -> Overlap:
    """Compares generated with real samples.

    The interval is that of the delete-a-group jackknife (Kott, 2001, "The delete-a-group jackknife") for two samples:
    each replicate leaves one tenth of both out. A bootstrap would draw samples twice, each then its own neighbour.

    Args:
        real: float [N, F], in random order.
        generated: float [M, F], in random order.
        k: which nearest neighbour a ball reaches to.
        least: radius that every ball has at least: where real samples are all but the same, what differs from them by
            less than can be seen is as good as they are.

    Raises:
        ValueError: N or M is below k + 1 without one tenth of it, or the number of features F differs.
    """
    fewest = min(len(side) - -(-len(side) // GROUPS) for side in (real, generated))
    if real.shape[1:] != generated.shape[1:] or fewest <= k:
        shapes = f"{[*real.shape]} and {[*generated.shape]}"
        raise ValueError(f"features must be [N, F] and [M, F] with N and M well above k = {k}, not {shapes}")
    real, generated = real.double(), generated.double()  # of neighbours that lie near, single precision loses digits
    between = torch.cdist(real, generated)
    real_balls, generated_balls = _Balls.of(real, k, least), _Balls.of(generated, k, least)
    replicates = [
        _measures(between, real_balls.without(group), generated_balls.without(group), k) for group in range(GROUPS)
    ]
    whole = _measures(between, real_balls.without(None), generated_balls.without(None), k)
    most = (1.0, 1.0, math.inf, 1.0)  # that each measure can be
    return Overlap(*map(_estimate, whole, zip(*replicates, strict=True), most))


def is_within(real: Tensor, samples: Tensor, k: int = K, least: float = 0.0) -> Tensor:
    """Whether each sample lies in the ball of a real one, bool [M]; the share of those that do is the precision.

    Args:
        real: float [N, F], N without one tenth of it above k.
        samples: float [M, F].
        k, least: see `overlap`.
    """
    real, samples = real.double(), samples.double()
    radius = _Balls.of(real, k, least).without(None).radius
    return (torch.cdist(real, samples) < radius[:, None]).any(dim=0)


def values(found: Overlap) -> dict[str, float]:
    """The four measures by name, without their intervals."""
    return {measure.name: getattr(found, measure.name).value for measure in fields(Overlap)}


class _Kept(NamedTuple):
    """One set without a group of it.

    Attributes:
        radius: float64 [N], of each ball; 0, so that nothing lies in it, of what is left out.
        is_left: bool [N], whether it is not left out.
    """

    radius: Tensor
    is_left: Tensor


class _Balls(NamedTuple):
    """One set, in groups; far enough neighbours are kept that any group can be left out.

    Attributes:
        distance: float64 [N, L], of each sample to its L nearest other ones, increasing.
        neighbour: int64 [N, L], which they are.
        group: int64 [N], the group of each.
        k: which nearest neighbour a ball reaches to.
        least: the least radius of a ball.
    """

    distance: Tensor
    neighbour: Tensor
    group: Tensor
    k: int
    least: float

    @classmethod
    def of(cls, samples: Tensor, k: int, least: float) -> "_Balls":
        n = len(samples)
        largest_group = -(-n // GROUPS)
        apart = torch.cdist(samples, samples).fill_diagonal_(torch.inf)
        return cls(*apart.topk(k + largest_group, largest=False), torch.arange(n) % GROUPS, k, least)

    def without(self, group: int | None) -> _Kept:
        is_left = self.group != (-1 if group is None else group)
        place = is_left[self.neighbour].cumsum(dim=1).eq(self.k).byte().argmax(dim=1, keepdim=True)
        radius = self.distance.gather(1, place).squeeze(1).clamp_min(self.least)
        return _Kept(radius * is_left, is_left)


def _measures(between: Tensor, real: _Kept, generated: _Kept, k: int) -> tuple[float, float, float, float]:
    """Precision, recall, density and coverage; `between` are distances [N, M] of real from generated samples."""
    in_real = (between < real.radius[:, None]) & generated.is_left
    in_generated = between < generated.radius
    n_balls = in_real.sum(dim=0)[generated.is_left].double()  # of real ones, that a generated sample lies in
    return (
        float((n_balls > 0).double().mean()),
        float(in_generated.any(dim=1)[real.is_left].double().mean()),
        float(n_balls.mean() / k),
        float(in_real.any(dim=1)[real.is_left].double().mean()),
    )


def _estimate(whole: float, replicates: Sequence[float], most: float) -> Estimate:
    variance = (GROUPS - 1) * float(np.var(replicates))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, GROUPS - 1)) * math.sqrt(variance)
    return Estimate(whole, max(whole - half, 0.0), min(whole + half, most))


MEASURES = tuple(measure.name for measure in fields(Overlap))
_PANEL = "{}, share of real (all scores; certain end)"
APPEARANCE = {"detail": "precision of fine detail", "texture": "precision of texture"}  # of images, in the results


def _in_range(place: str, name: str, where: str, shown: Sequence[str], drawn: Sequence[str] = ()) -> Iterator[Metric]:
    """The measures of one part of the range of scores, as shares of what real data reach.

    Args:
        place: of the means in the results.
        name: what the names in comparisons begin with.
        where: the part of the range, for people.
        shown: measures that variants are compared by.
        drawn: measures that W&B draws.
    """
    for measure in MEASURES:
        key, title = f"manifold/{place}/{measure}", f"{measure} / real{where}"
        is_main = (place, measure) == ("mean", "coverage")
        yield Metric(
            f"{key}/ratio",
            title,
            "higher",
            name=f"{name}{measure}" if measure in shown else "",
            theme="realism",
            main=is_main,
            choice="coverage" if is_main else "",
            section="Quality" if measure in drawn else "",
            panel=_PANEL.format(measure.capitalize()) if measure in drawn else "",
        )
        columns = {measure: f"by_strength/*/{key}/generated"}
        row = Row("by_strength", "{0}", columns, "{generated:.2f} ({real:.2f})", missing="too few")
        rows = [row] if place == "mean" else []
        yield Metric(f"by_strength/*/{key}/ratio", f"{title}, under guidance", "higher", rows=rows)


_SHOWN = ("coverage", "recall", "precision")


def _of(what: str, place: str, begins: str, where: str) -> Iterator[Metric]:
    """Precision in fine detail or in texture in one part of the range of scores."""
    key, title = f"{what}/{place}/precision", f"precision of {what} / real{where}"
    yield Metric(
        f"{key}/ratio",
        title,
        "higher",
        name=f"{begins}{what}",
        theme="realism",
        section="Quality",
        panel=f"{APPEARANCE[what].capitalize()}, share of real",
        data="images",
    )
    columns = {f"precision of {what}": f"by_strength/*/{key}/generated"}
    row = Row("by_strength", "{0}", columns, "{generated:.2f} ({real:.2f})", missing="too few")
    rows = [row] if place == "mean" else []
    yield Metric(f"by_strength/*/{key}/ratio", f"{title}, under guidance", "higher", rows=rows, data="images")


register(
    *_in_range("mean", "", "", ["coverage"], _SHOWN),
    *_in_range("certain/mean", "certain_", " (certain end)", _SHOWN, _SHOWN),
    *_in_range("mean_below", "below_", " (below it)", _SHOWN),
    *(metric for what in APPEARANCE for metric in _of(what, "mean", "", "")),
    *(metric for what in APPEARANCE for metric in _of(what, "certain/mean", "certain_", " (certain end)")),
    *(metric for what in APPEARANCE for metric in _of(what, "mean_below", "below_", " (below it)")),
    Metric("verdict/worst/coverage", "coverage / real (worst)", "higher", name="worst_coverage", theme="realism"),
    Metric("verdict/worst/recall", "recall / real (worst)", "higher"),
    Metric("verdict/worst/precision", "precision / real (worst)", "higher"),
    Metric("verdict/worst/detail", "precision of detail / real (worst)", "higher", data="images"),
    Metric("verdict/worst/texture", "precision of texture / real (worst)", "higher", data="images"),
    Metric("verdict/worst/error", "MAE / that of the middle of the range (worst)", "lower"),
)
