"""Given images: read, found in a trained model, and one of them edited."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.own_condition import own_condition
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.data.images import fit_image
from uqgen.data.labelled import to_uint8, unit_range
from uqgen.evaluation.context import EvaluationContext
from uqgen.explanation.edit_changes import EditChanges, measure_edits
from uqgen.explanation.editing import Editor
from uqgen.explanation.editing_settings import EditingSettings
from uqgen.generators.inversion import Inversion, Inverter
from uqgen.generators.model import ConditionalModel
from uqgen.settings import SettingError, plain_number, require


@dataclass(frozen=True)
class GivenImages:
    """N images and what the target says of them; on the CPU.

    Attributes:
        x: uint8 [N, C, H, W].
        own: their classes, scores and softmax vectors.
    """

    x: Tensor
    own: Condition

    @property
    def probabilities(self) -> Tensor:
        """Of each class, float32 [N, K]."""
        assert self.own.probabilities is not None
        return self.own.probabilities

    @property
    def predicted(self) -> Tensor:
        """The most probable class, int64 [N]."""
        return self.probabilities.argmax(dim=1)


@dataclass(frozen=True)
class EditedImage:
    """An image and its E edits: score by score, and of each score the smallest change first.

    Attributes:
        given: uint8 [C, H, W].
        score: its score.
        predicted: its most probable class.
        reconstruction: uint8 [C, H, W], as the model makes it.
        error: root mean square difference of the two, pixels being in [0, 1].
        ways: E names, of how each was made.
        score_in: float32 [E], the scores requested.
        x: float32 [E, C, H, W] in [-1, 1], at the 256 levels of a picture.
        score_out: float32 [E], the scores achieved.
        predictions: int64 [E], the most probable classes.
        changes: what else there is to say of the edits.
    """

    given: Tensor
    score: float
    predicted: int
    reconstruction: Tensor
    error: float
    ways: list[str]
    score_in: Tensor
    x: Tensor
    score_out: Tensor
    predictions: Tensor
    changes: EditChanges

    def results(self) -> dict[str, Any]:
        """What is written as numbers."""
        judged = {name: scores[0].item() for name, scores in self.changes.judges.items()}
        given = {"score": self.score, "predicted": self.predicted, "judges": judged}
        return {"given": given, "inversion_error": self.error, "edits": list(map(self._result, range(len(self.ways))))}

    def _result(self, edit: int) -> dict[str, Any]:
        changes, achieved = self.changes, {"score_in": self.score_in, "score_out": self.score_out}
        each = {**achieved, "predicted": self.predictions, "reached": changes.reached, "held": changes.held}
        each |= {"distance": changes.distance, "sparsity": changes.sparsity}
        return {
            "way": self.ways[edit],
            **{name: values[edit].item() for name, values in each.items()},
            "judges": {name: scores[1 + edit].item() for name, scores in changes.judges.items()},
            "attributes": {name: change[edit].item() for name, change in changes.attributes.items()},
            "shares": {name: share[edit].item() for name, share in changes.shares.items()},
        }


def read_given(image: Any, data: InMemoryDataModule) -> tuple[Tensor, int | None]:
    """A given image in the size and the channels of the data, uint8 [C, H, W], and its class where it is known.

    Args:
        image: a position in the test split; the name of a file; or what `fit_image` takes.
        data: the data, set up.

    Raises:
        SettingError: there is no such image, or it cannot be read.
    """
    image = plain_number(image)
    if isinstance(image, int) and not isinstance(image, bool):
        require(0 <= image < len(data.test), "image", image, f"0 to {len(data.test) - 1}, or a file")
        return data.test.x[image], int(data.test.label[image])
    channels, size = data.shape[0], data.shape[1]
    try:
        return fit_image(Image.open(image) if isinstance(image, str | Path) else image, size, channels), None
    except Exception as error:  # whatever a decoder raises
        shown = image if isinstance(image, str | Path) else type(image).__name__
        reason = " ".join(str(error).split())[:200]
        raise SettingError("image", shown, f"a position in the test split, or an image ({reason})") from error


def given_images(context: EvaluationContext, images: Sequence[Any]) -> GivenImages:
    """Reads images and has the target say what it thinks of them.

    Args:
        context: the target, and the data, which are images.
        images: see `read_given`; where its class is not known, an image is taken to be of the most probable one.

    Raises:
        SettingError: an image cannot be read.
    """
    pixels, known = zip(*(read_given(image, context.data) for image in images), strict=True)
    x = torch.stack(pixels)
    logits = context.target.predict(x)
    guesses = predictive_logits(logits).argmax(dim=1).tolist()
    label = [guess if one is None else one for one, guess in zip(known, guesses, strict=True)]
    return GivenImages(x, own_condition(logits, torch.tensor(label), context.score))


def invert(given: GivenImages, inverter: Inverter, device: torch.device) -> Inversion:
    """Given images in a model, which is on this device; see `Inverter`."""
    return inverter.invert(unit_range(given.x).to(device), given.own.to(device))


def editor_of(model: ConditionalModel, context: EvaluationContext, settings: EditingSettings) -> Editor:
    """What edits images of a model as the target sees them.

    Raises:
        SettingError: images cannot be found in the model, or the tolerance is as large as the range of scores.
    """
    low, high = context.requested_range
    allowed = f"less than {high - low:.2g}, the width of the range of scores"
    require(settings.tolerance < high - low, "editing.tolerance", settings.tolerance, allowed)
    inverter = model.inverter(settings.n_inversion_steps, settings.seed)
    seen = context.target, context.score, (low, high)
    return Editor(inverter, *seen, settings.tolerance, settings.n_editing_steps)


def edit_image(
    model: ConditionalModel,
    context: EvaluationContext,
    image: Any,
    scores: Sequence[float],
    settings: EditingSettings,
    n: int = 1,
) -> EditedImage:
    """Finds an image in a model and edits it to each of these scores.

    Args:
        model: a trained model of images.
        context: the target, the judges, and the data.
        image: see `given_images`.
        scores: requested.
        settings: see there.
        n: edits of each score, of different ways.

    Raises:
        SettingError: the image cannot be read, images cannot be found in the model, there are not as many ways, or
            the tolerance is too large.
    """
    editor, requested = editor_of(model, context, settings), torch.tensor(scores, dtype=torch.float32)
    require(n <= len(editor.ways), "n", n, f"1 to {len(editor.ways)}: {', '.join(editor.ways)}")
    given = given_images(context, [image])
    found = invert(given, editor.inverter, model.device)
    made = editor.by_all_ways(found, requested)
    edits, way = editor.smallest(made, given.x, given.own.label, requested, n)
    x, score_in = edits.x[0], requested.repeat_interleave(n)
    reached = (edits.score_out[0] - score_in).abs() <= settings.tolerance
    held = editor.holds(edits.x, given.own.label, score_in)[0]
    return EditedImage(
        given=given.x[0],
        score=float(given.own.score[0]),
        predicted=int(given.predicted[0]),
        reconstruction=to_uint8(found.reconstruction[0]).cpu(),
        error=float(found.error[0]),
        ways=[editor.ways[number] for number in way[0].tolist()],
        score_in=score_in,
        x=unit_range(x),
        score_out=edits.score_out[0],
        predictions=edits.predicted[0],
        changes=measure_edits(context, given.x[0], int(given.own.label[0]), x, reached, held),
    )
