"""Given images and their edits."""

from collections.abc import Mapping, Sequence
from textwrap import fill

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from torch import Tensor

from uqgen.data.labelled import unit_range
from uqgen.explanation.edit_quality import TARGET, EditQuality
from uqgen.explanation.editing import GUIDED
from uqgen.explanation.editing_study import PIXELS, REAL, SEARCH, SMALLEST
from uqgen.explanation.edits import Edits
from uqgen.explanation.given_image import EditedImage, GivenImages
from uqgen.metrics.bootstrap import Array, Estimate
from uqgen.report.captioned_images import captioned_images, names_above
from uqgen.report.style import INK, TEXT, score_label, small_print
from uqgen.report.sweep_figures import DIFFERENCES
from uqgen.score_texts import score_texts

JUDGES = "judges"
_WAY_LETTERS = 14  # of a line above a difference
_DRAWN = {  # methods, and what their rows are called
    SMALLEST: "smallest",
    GUIDED: "guided",
    SEARCH: "search",
    PIXELS: "pixels",
    REAL: "real",
}


def edited_image_figure(edited: EditedImage, class_names: Sequence[str], score_name: str, *, seed: int) -> Figure:
    """An image, its reconstruction and its edits in the order given; below them the way of each, and what it changes.

    A prediction other than that of the image given is set in orange and bold.

    Args:
        edited: the image and its edits.
        class_names: K names.
        score_name: name of the score.
        seed: of the inversion, for the small print.
    """
    shown = torch.cat([unit_range(torch.stack([edited.given, edited.reconstruction])), edited.x]).numpy()
    differences = (shown - shown[:1]).mean(axis=1) / 2  # of pixels in [0, 1]
    coloured = 2 * DIFFERENCES((differences + 1) / 2)[..., :3].transpose(0, 3, 1, 2) - 1
    columns = ["given", "made", *score_texts(edited.score_in)]
    rows = ["image", "difference"]
    names = names_above(class_names, len(columns), rows)
    edits = zip(edited.predictions.tolist(), edited.score_out.tolist(), strict=True)
    within = [edited.score, *edited.score_in]
    captions = [_says(names[edited.predicted], edited.score, within), f"error\n{edited.error:.3f}"]
    captions += [_says(names[guess], value, within) for guess, value in edits]
    marked = np.zeros((2, len(shown)), bool)
    marked[0, 2:] = (edited.predictions != edited.predicted).numpy()
    ways = ["", "", *(fill(way, _WAY_LETTERS) for way in edited.ways)]
    images, words = np.stack([_colour(shown), coloured]), [captions, ways]
    figure, axes = captioned_images(images, words, marked, rows, columns)
    axes.set_xlabel(f"{score_label(score_name)} requested", fontsize=TEXT, color=INK)
    above = f"above: class predicted and {score_label(score_name)} achieved"
    parts = [above, "made: by the generator, with its root mean square error", "red brighter, blue darker than given"]
    small_print(figure, [*parts, f"seed {seed}"])
    return figure


def edits_figure(
    given: GivenImages,
    requested: Tensor,
    edits: Mapping[str, Edits],
    class_names: Sequence[str],
    score_name: str,
    *,
    seed: int,
) -> Figure:
    """The first images and what the smallest change, the condition and the baselines make of them, a row for each.

    A prediction other than that of the image given is set in orange and bold.

    Args:
        given: N images.
        requested: float32 [S], the scores requested.
        edits: of each method.
        class_names: K names.
        score_name: name of the score.
        seed: of the inversion, for the small print.
    """
    columns = ["given", *score_texts(requested)]
    drawn = {method: edits[method] for method in _DRAWN if method in edits}
    names = names_above(class_names, len(columns), [_DRAWN[method] for method in drawn])
    images, words, marked, rows = [], [], [], []
    for number in range(min(3, len(given.x))):
        own = _says(names[int(given.predicted[number])], float(given.own.score[number]), requested)
        for method, made in drawn.items():
            images.append(torch.cat([given.x[number : number + 1], made.x[number]]))
            says = zip(made.predicted[number].tolist(), made.score_out[number].tolist(), strict=True)
            words.append([own, *(_says(names[guess], value, requested) for guess, value in says)])
            marked.append([False, *(made.predicted[number] != given.predicted[number]).tolist()])
            rows.append(_DRAWN[method])
    shown = unit_range(torch.stack(images)).numpy()
    figure, axes = captioned_images(shown, words, np.array(marked), rows, columns)
    axes.set_xlabel(f"{score_label(score_name)} requested", fontsize=TEXT, color=INK)
    small_print(figure, [f"above: class predicted and {score_label(score_name)} achieved", f"seed {seed}"])
    return figure


def quality_rows(quality: Mapping[str, EditQuality]) -> list[list[str]]:
    """The table of methods as text, fit for 80 letters a line; what else was measured stands in the results."""
    viewers = [TARGET, JUDGES] if len(next(iter(quality.values())).followed) > 1 else [TARGET]
    titles = ("score reached", "held", "L2 moved", "Fréchet distance")
    header = ["", *titles, *(f"{kind}: {viewer}" for kind in ("followed", "true class kept") for viewer in viewers)]
    rows = []
    for method, found in quality.items():
        reached, held = f"{found.reached.value:.3f}", f"{found.held.value:.2f}"
        moved, frechet = f"{found.l2.value:.2f}", f"{found.frechet:.1f}"
        views = [_by(viewer, each) for each in (found.followed, found.true_class_kept) for viewer in viewers]
        rows.append([method, reached, held, moved, frechet, *views])
    return [header, *rows]


def _by(viewer: str, seen: Mapping[str, Estimate]) -> str:
    """What the target sees, or the judges in the mean."""
    values = [estimate.value for name, estimate in seen.items() if (name == TARGET) == (viewer == TARGET)]
    return f"{np.mean(values):.2f}"


def _says(name: str, score: float, within: ArrayLike) -> str:
    return f"{name}\n{score_texts(score, within=within, aligned=True)[0]}"


def _colour(images: Array) -> Array:
    """Images [..., 1 or 3, H, W] in colour."""
    return images if images.shape[-3] == 3 else images.repeat(3, axis=-3)
