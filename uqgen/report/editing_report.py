"""What is done to given images, and the files that show it."""

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from uqgen.explanation.editing_settings import EditingSettings
from uqgen.explanation.editing_study import EditingStudy, study_edits
from uqgen.explanation.given_image import EditedImage, edit_image
from uqgen.explanation.interpolation import Between, interpolate_given
from uqgen.metrics.plain import as_plain
from uqgen.report.between_figure import between_figure
from uqgen.report.edit_figures import edited_image_figure, edits_figure
from uqgen.report.saving import save_figure

if TYPE_CHECKING:
    from uqgen.run import Run

log = logging.getLogger(__name__)

_LETTERS = 30  # of an image's name in that of a file: two of them stay below what any file system allows


def edit_given(run: "Run", image: str | int, settings: EditingSettings) -> EditedImage:
    """Edits one image to scores from the certain end of the reachable range to the uncertain one, and draws it.

    Writes `image_NAME.png` in the run's `explanation/`.

    Args:
        run: a trained run of images.
        image: a file, or a position in the test split.
        settings: steps, number of scores, and seed.

    Raises:
        SettingError: the image cannot be read, or images cannot be found in its model.
    """
    score, scores = run.classifiers.score, np.linspace(*run.evaluator.ends, settings.n_scores).tolist()
    edited = edit_image(run.model, run.evaluator, image, scores, settings)
    path = run.folder.explanation / f"image_{_stem(image)}.png"
    save_figure(edited_image_figure(edited, run.class_names, score.name, seed=settings.seed), path)
    log.info("edited image: %s", path.resolve())
    return edited


def lead_between(run: "Run", images: Sequence[str | int], settings: EditingSettings) -> Between:
    """Goes from one image to another, and writes `between_A_B.png` and `between_A_B.json` in `explanation/`.

    Args:
        run: a trained run of images.
        images: two, each a file or a position in the test split.
        settings: see there.

    Raises:
        SettingError: an image cannot be read, or images cannot be found in its model.
    """
    (first, second), names, score = images, run.class_names, run.classifiers.score.name
    between = interpolate_given(run.model, run.evaluator, first, second, settings)
    path = run.folder.explanation / f"between_{_stem(first)}_{_stem(second)}.png"
    results = {"run": str(run.folder.path), "score": score, "images": images, "class_names": names}
    run.folder.write(path.with_suffix(".json"), as_plain({**results, "settings": settings, **between.results()}))
    save_figure(between_figure(between, names, score, run.evaluator.asked_range, seed=settings.seed), path)
    log.info("between two images: %s", path.resolve())
    return between


def edit_many(run: "Run", n: int, settings: EditingSettings) -> EditingStudy:
    """Edits real images by several methods, and writes `edits.json` and `edits.png` in the run's `explanation/`.

    Args:
        run: a trained run of images.
        n: number of images.
        settings: see there.

    Raises:
        SettingError: there are not as many images, or images cannot be found in its model.
    """
    found, folder, score = (
        study_edits(run.model, run.evaluator, n, settings),
        run.folder.explanation,
        run.classifiers.score.name,
    )
    results = {"run": str(run.folder.path), "score": score, "split": run.experiment.evaluation.split}
    run.folder.write(folder / "edits.json", as_plain({**results, "settings": settings, **found.results()}))
    figure = edits_figure(found.given, found.asked, found.edits, run.class_names, score, seed=settings.seed)
    save_figure(figure, folder / "edits.png")
    log.info("edits: %s", folder.resolve())
    return found


def _stem(image: str | int) -> str:
    """What files are called after an image: its own name, without signs that mean something to a shell or a disk."""
    name = re.sub(r"[^\w.-]+", "_", Path(str(image)).stem)
    return name if len(name) <= _LETTERS else f"{name[: _LETTERS - 9]}-{crc32(name.encode()):08x}"
