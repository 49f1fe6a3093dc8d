"""Many given images edited by several methods, and how well each did."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from uqgen import seeding
from uqgen.conditioning.own_condition import own_condition
from uqgen.evaluation.context import EvaluationContext
from uqgen.evaluation.real import features_of
from uqgen.explanation.edit_quality import EditQuality, changes, edit_quality
from uqgen.explanation.editing import Editor
from uqgen.explanation.editing_settings import EditingSettings
from uqgen.explanation.edits import Edits
from uqgen.explanation.given_image import GivenImages, editor_of, invert
from uqgen.explanation.latent_search import search_latents
from uqgen.explanation.nearest_real import nearest_real
from uqgen.explanation.pixel_editing import edit_pixels
from uqgen.explanation.shares import balanced_weights
from uqgen.generators.inversion import Inversion
from uqgen.generators.model import ConditionalModel
from uqgen.metrics.fidelity import frechet_distance
from uqgen.settings import require

SMALLEST = "smallest change"  # of all ways, the method that is shown first
SEARCH, PIXELS, REAL = "search of latents", "pixels", "nearest real image"  # the baselines
N_NEAREST = 50  # real images of a class and score, of which one is drawn to compare an edit with
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


def study_edits(
    model: ConditionalModel,
    context: EvaluationContext,
    n: int,
    settings: EditingSettings,
) -> EditingStudy:
    """Edits real images of the evaluation's split, spread evenly over scores as far as there are enough.

    Args:
        model: a trained model of images.
        context: the target, the judges and the real images.
        n: number of images.
        settings: see there.

    Raises:
        SettingError: there are not as many images, images cannot be found in the model, or hardly a score requested
            is farther from an image's own than the tolerance.
    """
    real = context.reference
    require(n <= len(real.data), "edits", n, f"1 to {len(real.data)}")
    low, high = context.requested_range
    weight = torch.from_numpy(balanced_weights(real.score.double().numpy(), low, high, N_BINS))
    index = torch.multinomial(weight, n, generator=seeding.generator(settings.seed))
    own = own_condition(real.logits[index], real.data.label[index], context.score)
    given = GivenImages(real.data.x[index], own)
    requested = torch.linspace(low, high, settings.n_scores)
    editor = editor_of(model, context, settings)
    _refuse_too_few(int(changes(given, requested, settings.tolerance).sum()), settings)
    inversion = invert(given, editor.inverter, model.device)
    edits = _edit_by_all(context, editor, inversion, given, requested, settings.n_baseline_steps)
    like = features_of(_real_of(context, given, requested, settings), context.features)
    quality = {name: _quality(context, editor, given, made, requested, settings, like) for name, made in edits.items()}
    return EditingStudy(given, inversion.error.cpu(), requested, edits, quality)


def _refuse_too_few(n_edits: int, settings: EditingSettings) -> None:
    """Of fewer than two edits that count, there is nothing to measure."""
    allowed = f"less, or more edits: {n_edits} of the scores requested are farther than that from the images' own"
    require(n_edits > 1, "editing.tolerance", settings.tolerance, allowed)


def _edit_by_all(
    context: EvaluationContext,
    editor: Editor,
    inversion: Inversion,
    given: GivenImages,
    requested: Tensor,
    n_baseline_steps: int,
) -> dict[str, Edits]:
    target, score, tolerance = editor.target, editor.score, editor.tolerance
    ways = editor.by_all_ways(inversion, requested)
    x, label, real = inversion.x, inversion.own.label, context.data.train
    return {
        SMALLEST: editor.smallest(ways, given.x, given.own.label, requested)[0],
        **ways,
        SEARCH: search_latents(editor, inversion, requested, n_baseline_steps),
        PIXELS: edit_pixels(x, label, target, score, requested, tolerance, n_baseline_steps),
        REAL: nearest_real(given.x, given.own.label, real, context.own.score, target, score, requested, tolerance),
    }


def _quality(
    context: EvaluationContext,
    editor: Editor,
    given: GivenImages,
    edits: Edits,
    requested: Tensor,
    settings: EditingSettings,
    like: Tensor,
) -> EditQuality:
    """`like`: features of real images to which the edits are compared, float [M, F]."""
    x, judges = torch.cat([given.x[:, None], edits.x], dim=1), context.reference.judges
    judged = {name: Edits.scored(x, given.own.label, judge.classifier, judge.score) for name, judge in judges.items()}
    counted = edits.x[changes(given, requested, settings.tolerance)]
    frechet = frechet_distance(like, features_of(counted, context.features))
    tolerance, resampling = settings.tolerance, (settings.n_resamples, settings.seed)
    held = editor.holds(edits.x, given.own.label, requested)
    return edit_quality(given, edits, held, judged, requested, tolerance, frechet, *resampling)


def _real_of(context: EvaluationContext, given: GivenImages, requested: Tensor, settings: EditingSettings) -> Tensor:
    """For each edit that counts a real image of its class, drawn from those with the nearest scores."""
    rng, own = seeding.generator(settings.seed), context.own
    image, level = changes(given, requested, settings.tolerance).nonzero(as_tuple=True)
    drawn = torch.zeros_like(image)
    for label in given.own.label.unique():
        of_class = (own.label == label).nonzero().squeeze(1)
        away = (own.score[of_class] - requested[:, None]).abs()
        nearest = of_class[away.topk(min(N_NEAREST, len(of_class)), largest=False).indices]  # [S, N_NEAREST]
        mine = given.own.label[image] == label
        chosen = torch.randint(nearest.shape[1], (int(mine.sum()),), generator=rng)
        drawn[mine] = nearest[level[mine], chosen]
    return context.data.train.x[drawn]
