"""What edits change of one image: pixels, named attributes, and what the judges say."""

from dataclasses import dataclass

import torch
from torch import Tensor

from uqgen.data.attributes import ATTRIBUTES, measure_attributes
from uqgen.evaluation.context import EvaluationContext
from uqgen.explanation.edits import pixel_distance

KEPT = 0.1  # of the range of pixels, up to which one counts as kept
N_REAL = 500  # real images that say how far attributes vary


@dataclass(frozen=True)
class EditChanges:
    """E edits of one image, beside it.

    Attributes:
        reached: bool [E], whether the score is the one requested, within the tolerance.
        held: bool [E], whether it is that while the image is moved by a pixel, too.
        distance: float32 [E], Euclidean, pixels being in [0, 1].
        sparsity: float32 [E], share of pixels that are kept, within a tenth of their range.
        judges: for each judge float32 [1 + E], its score of the image given and of each edit.
        attributes: for each named attribute float32 [E], its change in standard deviations among real images.
    """

    reached: Tensor
    held: Tensor
    distance: Tensor
    sparsity: Tensor
    judges: dict[str, Tensor]
    attributes: dict[str, Tensor]

    @property
    def shares(self) -> dict[str, Tensor]:
        """Each attribute's part of the change of all, by absolute values, float32 [E]; 0 where none changes."""
        total = torch.stack(list(self.attributes.values())).abs().sum(dim=0).clamp_min(1e-9)
        return {name: change.abs() / total for name, change in self.attributes.items()}


def measure_edits(
    context: EvaluationContext, given: Tensor, label: int, x: Tensor, reached: Tensor, held: Tensor
) -> EditChanges:
    """Measures edits.

    Args:
        context: the judges, and the real images.
        given: uint8 [C, H, W].
        label: its class.
        x: uint8 [E, C, H, W], the edits.
        reached, held: bool [E].
    """
    both, labels = torch.cat([given[None], x]), torch.full((len(x) + 1,), label)
    moved = (x.float() - given.float()).abs() / 255
    return EditChanges(
        reached=reached,
        held=held,
        distance=pixel_distance(x, given),
        sparsity=(moved <= KEPT).float().mean(dim=(1, 2, 3)),
        judges={name: judge.score_of(both, labels) for name, judge in context.fitted_judges.items()},
        attributes=_attributes(both, context.reference.data.x[:N_REAL]),
    )


def _attributes(both: Tensor, real: Tensor) -> dict[str, Tensor]:
    measured = torch.from_numpy(measure_attributes(torch.cat([both, real]), "edits"))
    ours, scale = measured[: len(both)], measured[len(both) :].std(dim=0)
    change = (ours[1:] - ours[:1]) / torch.where(scale > 0, scale, 1)
    return dict(zip(ATTRIBUTES, change.float().T, strict=True))
