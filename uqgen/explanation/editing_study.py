"""Many given images edited by several methods, and how well each did."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from uqgen import seeding
from uqgen.conditioning.own_condition import own_condition
from uqgen.evaluation.context import EvaluationContext
from uqgen.explanation.edit_quality import EditQuality, edit_quality
from uqgen.explanation.editing import Editor
from uqgen.explanation.editing_settings import EditingSettings
from uqgen.explanation.edits import Edits
from uqgen.explanation.given_image import GivenImages, editor_of, find
from uqgen.explanation.nearest_real import nearest_real
from uqgen.explanation.pixel_editing import edit_pixels
from uqgen.explanation.shares import balanced_weights
from uqgen.generators.inversion import Inversion
from uqgen.generators.model import ConditionalModel
from uqgen.settings import require

GUIDED = "condition, then guidance"  # the method that is chosen most
N_BINS = 10  # of the range of scores, over which the images are spread


@dataclass(frozen=True)
class EditingStudy:
    """N real images edited to S scores each.

    Attributes:
        given: the images.
        error: float32 [N], of their inversion; see `Inversion.error`.
        requested: float32 [S], increasing.
        edits: of each method.
        quality: of each method.
    """

    given: GivenImages
    error: Tensor
    requested: Tensor
    edits: dict[str, Edits]
    quality: dict[str, EditQuality]

    def results(self) -> dict[str, Any]:
        """What is written as numbers."""
        error = {"mean": float(self.error.mean()), "median": float(self.error.median())}
        return {"requested": self.requested.tolist(), "inversion_error": error, "methods": self.quality}


def study_edits(model: ConditionalModel, context: EvaluationContext, n: int, settings: EditingSettings) -> EditingStudy:
    """Edits real images of the evaluation's split, spread evenly over scores as far as there are enough.

    Args:
        model: a trained model of images.
        context: the target, the judges and the real images.
        n: number of images.
        settings: see there.

    Raises:
        SettingError: there are not as many images, or images cannot be found in the model.
    """
    real = context.reference
    require(n <= len(real.data), "edits", n, f"1 to {len(real.data)}")
    low, high = context.requested_range
    weight = torch.from_numpy(balanced_weights(real.score.double().numpy(), low, high, N_BINS))
    index = torch.multinomial(weight, n, generator=seeding.generator(settings.seed))
    own = own_condition(real.logits[index], real.data.label[index], context.score)
    given = GivenImages(real.data.x[index], own)
    editor, requested = editor_of(model, context, settings), torch.linspace(low, high, settings.n_scores)
    inversion = find(given, editor.inverter, model.device)
    edits = _edit_by_all(context, editor, inversion, given, requested, settings.n_pixel_steps)
    quality = {name: _quality(context, given, made, requested, settings) for name, made in edits.items()}
    return EditingStudy(given, inversion.error.cpu(), requested, edits, quality)


def _edit_by_all(
    context: EvaluationContext,
    editor: Editor,
    inversion: Inversion,
    given: GivenImages,
    requested: Tensor,
    n_pixel_steps: int,
) -> dict[str, Edits]:
    target, score, tolerance = editor.target, editor.score, editor.tolerance
    start = editor.by_condition(inversion, requested)
    x, label, real = inversion.x, inversion.own.label, context.data.train
    return {
        "condition": start.edits,
        GUIDED: editor.by_guidance(inversion, requested, start),
        "pixels": edit_pixels(x, label, target, score, requested, tolerance, n_pixel_steps),
        "nearest real image": nearest_real(
            given.x, given.own.label, real, context.own.score, target, score, requested, tolerance
        ),
    }


def _quality(
    context: EvaluationContext, given: GivenImages, edits: Edits, requested: Tensor, settings: EditingSettings
) -> EditQuality:
    x, judges = torch.cat([given.x[:, None], edits.x], dim=1), context.reference.judges
    judged = {name: Edits.scored(x, given.own.label, judge.classifier, judge.score) for name, judge in judges.items()}
    return edit_quality(given, edits, judged, requested, settings.tolerance, settings.n_resamples, settings.seed)
