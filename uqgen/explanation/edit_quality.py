"""How well given images were edited: whether scores are reached, what that changes, and whether judges see it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from uqgen.evaluation.bootstrap import Estimate, Floats, bootstrap
from uqgen.explanation.edits import Edits, distance


@dataclass(frozen=True)
class EditQuality:
    """N images edited to S scores each; pairs whose own score is within the tolerance of the one asked do not count.

    Intervals are of resampled images.

    Attributes:
        n_images, n_edits: images, and the pairs that count.
        reached: share whose score is the one asked, within the tolerance.
        l1: mean absolute change of pixels in [0, 1].
        l2: mean Euclidean distance moved, of the same pixels.
        class_kept: share whose most probable class, to the target, is that of the image given.
        monotone: share of neighbouring scores asked whose scores obtained have the same order; see `monotonicity`.
        followed: for the target and each judge, how much of the change of score asked it sees: the slope of the
            regression of its own change on the one asked, through 0. An adversarial edit is one that the target follows
            and no judge does.
    """

    n_images: int
    n_edits: int
    reached: Estimate
    l1: Estimate
    l2: Estimate
    class_kept: Estimate
    monotone: Estimate
    followed: dict[str, Estimate]


@dataclass(frozen=True)
class Given:
    """The N images that were to be edited.

    Attributes:
        x: uint8 [N, C, H, W].
        label: int64 [N].
        predicted: int64 [N], their most probable class to the target.
        scores: for "target" and each judge, float32 [N].
    """

    x: Tensor
    label: Tensor
    predicted: Tensor
    scores: dict[str, Tensor]


def monotonicity(scores: Tensor) -> Tensor:
    """Share of neighbours that increase.

    Args:
        scores: float [..., S], S at least 2, obtained for increasing scores asked.

    Returns:
        float32 [...] in [0, 1].
    """
    return (scores.diff(dim=-1) > 0).float().mean(dim=-1)


def edit_quality(
    given: Given,
    edits: Edits,
    judged: Mapping[str, Tensor],
    asked: Tensor,
    tolerance: float,
    n_resamples: int = 1_000,
    seed: int = 0,
) -> EditQuality:
    """Measures the edits of one method.

    Args:
        given: the images before.
        edits: after.
        judged: for each judge, float32 [N, S], of the edits.
        asked: float32 [S], increasing.
        tolerance: by which a score may be missed.
        n_resamples, seed: of the bootstrap.
    """
    wanted = asked - given.scores["target"][:, None]
    counts = (wanted.abs() > tolerance).double()
    means = {
        "reached": (edits.score_out - asked).abs() <= tolerance,
        "l1": (edits.x.float() - given.x[:, None].float()).abs().mean(dim=(2, 3, 4)) / 255,
        "l2": distance(edits.x, given.x[:, None]),
        "class_kept": edits.predicted == given.predicted[:, None],
    }
    parts = {name: ((counts * values).sum(dim=1), counts.sum(dim=1)) for name, values in means.items()}
    parts["monotone"] = (monotonicity(edits.score_out), torch.ones(len(given.x)))
    for name, scores in {"target": edits.score_out, **judged}.items():
        moved = scores - given.scores[name][:, None]
        parts[name] = ((counts * wanted * moved).sum(dim=1), (counts * wanted.square()).sum(dim=1))
    estimates = _ratios(parts, n_resamples, seed)
    followed = {name: estimates.pop(name) for name in ("target", *judged)}
    return EditQuality(len(given.x), int(counts.sum()), **estimates, followed=followed)


def _ratios(parts: Mapping[str, tuple[Tensor, Tensor]], n_resamples: int, seed: int) -> dict[str, Estimate]:
    """For each name the sum of the first by the sum of the second, both float [N]; NaN where that is 0."""

    def statistics(*sums: Floats) -> dict[str, Floats]:
        totals = [values.sum(axis=-1) for values in sums]
        with np.errstate(invalid="ignore"):
            return {name: totals[2 * row] / totals[2 * row + 1] for row, name in enumerate(parts)}

    return bootstrap(
        statistics, tuple(part.double().numpy() for pair in parts.values() for part in pair), n_resamples, seed
    )
