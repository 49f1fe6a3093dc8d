"""How well given images were edited: whether scores are reached, what that changes, and whether judges see it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from uqgen.explanation.edits import Edits, pixel_distance
from uqgen.explanation.given_image import GivenImages
from uqgen.metrics.bootstrap import Estimate, Floats, bootstrap

TARGET = "target"  # the one of those that see edits; the others are judges


@dataclass(frozen=True)
class EditQuality:
    """Images edited to S scores each; pairs whose own score is within the tolerance of that requested do not count.

    Intervals are of resampled images.

    Attributes:
        n_images, n_edits: images, and the pairs that count.
        reached: share whose score is the one requested, within the tolerance.
        held: share whose score is that while the image is moved by a pixel, too; see `Editor.holds`.
        l1: mean absolute change of pixels in [0, 1].
        l2: mean Euclidean distance moved, of the same pixels.
        class_kept: share whose most probable class, to the target, is that of the image given.
        frechet: Fréchet distance (Heusel et al., 2017) of the edits that count from real images of the same classes and
            scores, in the features that images are compared in.
        monotone: share of neighbouring scores requested whose scores achieved have the same order; see `monotonicity`.
        followed: for the target and each judge, how much of the change of score requested it sees: the slope of the
            regression of its own change on the one requested, through 0. An edit that the target follows and no judge
            does is adversarial.
        true_class_kept: for the target and each judge, share whose most probable class is the true one, among edits of
            the images of which it was that before.
    """

    n_images: int
    n_edits: int
    reached: Estimate
    held: Estimate
    l1: Estimate
    l2: Estimate
    frechet: float
    class_kept: Estimate
    monotone: Estimate
    followed: dict[str, Estimate]
    true_class_kept: dict[str, Estimate]


def changes(given: GivenImages, requested: Tensor, tolerance: float) -> Tensor:
    """Which of N images are to be changed for which of S scores requested, bool [N, S]; these pairs count."""
    return (requested - given.own.score[:, None]).abs() > tolerance


def monotonicity(scores: Tensor) -> Tensor:
    """Share of neighbours that increase.

    Args:
        scores: float [..., S], S at least 2, achieved for increasing scores requested.

    Returns:
        float32 [...] in [0, 1].
    """
    return (scores.diff(dim=-1) > 0).float().mean(dim=-1)


def edit_quality(
    given: GivenImages,
    edits: Edits,
    held: Tensor,
    judged: Mapping[str, Edits],
    requested: Tensor,
    tolerance: float,
    frechet: float,
    n_resamples: int = 1_000,
    seed: int = 0,
) -> EditQuality:
    """Measures the edits of one method.

    Args:
        given: N images before, with their true classes.
        edits: after.
        held: bool [N, S], whether their scores hold; see `Editor.holds`.
        judged: what each judge says of the N images before, followed by their S edits.
        requested: float32 [S], increasing.
        tolerance: by which a score may be missed.
        frechet: see `EditQuality`.
        n_resamples, seed: of the bootstrap.
    """
    wanted = requested - given.own.score[:, None]
    counts = changes(given, requested, tolerance).double()
    means = {
        "reached": (edits.score_out - requested).abs() <= tolerance,
        "held": held,
        "l1": edits.x.float().sub_(given.x[:, None]).abs_().mean(dim=(2, 3, 4)) / 255,
        "l2": pixel_distance(edits.x, given.x[:, None]),
        "class_kept": edits.predicted == given.predicted[:, None],
    }
    parts = {name: ((counts * values).sum(dim=1), counts.sum(dim=1)) for name, values in means.items()}
    parts["monotone"] = (monotonicity(edits.score_out), torch.ones(len(given.x)))
    viewers = {TARGET: _before_and_after(given, edits), **judged}
    followed = {name: _follows(said.score_out, wanted, counts) for name, said in viewers.items()}
    kept = {name: _keeps(said.predicted, given.own.label, counts) for name, said in viewers.items()}
    return EditQuality(
        n_images=len(given.x),
        n_edits=int(counts.sum()),
        frechet=frechet,
        **_ratios(parts, n_resamples, seed),
        followed=_ratios(followed, n_resamples, seed),
        true_class_kept=_ratios(kept, n_resamples, seed),
    )


def _before_and_after(given: GivenImages, edits: Edits) -> Edits:
    """What the target says of the images before, followed by their edits."""
    pairs = ((given.x, edits.x), (given.own.score, edits.score_out), (given.predicted, edits.predicted))
    return Edits(*(torch.cat([before[:, None], after], dim=1) for before, after in pairs))


def _follows(scores: Tensor, wanted: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Of scores [N, 1 + S] before and after: the two sums of the slope, each float [N]."""
    moved = scores[:, 1:] - scores[:, :1]
    return (counts * wanted * moved).sum(dim=1), (counts * wanted.square()).sum(dim=1)


def _keeps(predicted: Tensor, label: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Of classes [N, 1 + S] before and after: how many edits are right, of those of images that were."""
    is_right = predicted == label[:, None]
    counts = counts * is_right[:, :1]
    return (counts * is_right[:, 1:]).sum(dim=1), counts.sum(dim=1)


def _ratios(parts: Mapping[str, tuple[Tensor, Tensor]], n_resamples: int, seed: int) -> dict[str, Estimate]:
    """For each name the sum of the first by the sum of the second, both float [N]; NaN where that is 0."""

    def statistics(*sums: Floats) -> dict[str, Floats]:
        totals = [values.sum(axis=-1) for values in sums]
        with np.errstate(invalid="ignore"):
            return {name: totals[2 * row] / totals[2 * row + 1] for row, name in enumerate(parts)}

    return bootstrap(
        statistics, tuple(part.double().numpy() for pair in parts.values() for part in pair), n_resamples, seed
    )
