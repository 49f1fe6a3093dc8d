"""What is done to given images, and the files that show it."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from uqgen.classifiers.recipe import identity_hash
from uqgen.explanation.editing_settings import EditingSettings
from uqgen.explanation.editing_study import EditingStudy, study_edits
from uqgen.explanation.given_image import EditedImage, edit_image
from uqgen.explanation.interpolation import Between, interpolate_given
from uqgen.file_names import stem
from uqgen.metrics.plain import as_plain
from uqgen.report.between_figure import between_figure
from uqgen.report.edit_figures import edited_image_figure, edits_figure
from uqgen.report.saving import save_figure

if TYPE_CHECKING:
    from uqgen.run import Run

log = logging.getLogger(__name__)


def edit_given(run: "Run", image: str | int, settings: EditingSettings) -> EditedImage:
    """Edits one image to scores from the certain end of the reachable range to the uncertain one, and draws it.

    Writes `image_NAME-HASH.png` and `.json` in `explanation/`, where the hash stands for the image and the settings.

    Args:
        run: a trained run of images.
        image: a file, or a position in the test split.
        settings: steps, number of scores, and seed.

    Raises:
        SettingError: the image cannot be read, or images cannot be found in its model.
    """
    score, scores = run.classifiers.score, np.linspace(*run.evaluator.ends, settings.n_scores).tolist()
    edited = edit_image(run.model, run.evaluator, image, scores, settings)
    path = run.folder.explanation / f"{_name('image', [image], settings)}.png"
    results = {"run": str(run.folder.path), "score": score.name, "image": image, "class_names": run.class_names}
    run.folder.write(path.with_suffix(".json"), as_plain({**results, "settings": settings, **edited.results()}))
    save_figure(edited_image_figure(edited, run.class_names, score.name, seed=settings.seed), path)
    log.info("edited image: %s", path.resolve())
    return edited


def interpolate_between(run: "Run", images: Sequence[str | int], settings: EditingSettings) -> Between:
    """Goes from one image to another, and writes `between_A_B-HASH.png` and `.json` in `explanation/`.

    Args:
        run: a trained run of images.
        images: two, each a file or a position in the test split.
        settings: see there.

    Raises:
        SettingError: an image cannot be read, or images cannot be found in its model.
    """
    (first, second), names, score = images, run.class_names, run.classifiers.score.name
    between = interpolate_given(run.model, run.evaluator, first, second, settings)
    path = run.folder.explanation / f"{_name('between', images, settings)}.png"
    results = {"run": str(run.folder.path), "score": score, "images": images, "class_names": names}
    run.folder.write(path.with_suffix(".json"), as_plain({**results, "settings": settings, **between.results()}))
    save_figure(between_figure(between, names, score, run.evaluator.requested_range, seed=settings.seed), path)
    log.info("between two images: %s", path.resolve())
    return between


def edit_many(run: "Run", n: int, settings: EditingSettings) -> EditingStudy:
    """Edits real images by several methods, and writes `edits_SPLIT_N-HASH.json` and `.png` in `explanation/`.

    Args:
        run: a trained run of images.
        n: number of images.
        settings: see there.

    Raises:
        SettingError: there are not as many images, or images cannot be found in its model.
    """
    found = study_edits(run.model, run.evaluator, n, settings)
    folder, score = run.folder.explanation, run.classifiers.score.name
    split = run.experiment.evaluation.split
    path = folder / f"{_name(f'edits_{split}', [n], settings)}.png"
    results = {"run": str(run.folder.path), "score": score, "split": split}
    run.folder.write(path.with_suffix(".json"), as_plain({**results, "settings": settings, **found.results()}))
    figure = edits_figure(found.given, found.requested, found.edits, run.class_names, score, seed=settings.seed)
    save_figure(figure, path)
    log.info("edits: %s", path.resolve())
    return found


def _name(kind: str, given: Sequence[str | int], settings: EditingSettings) -> str:
    """The name of what is done with these, which nothing else has."""
    contents = [sha256(Path(each).read_bytes()).hexdigest() if isinstance(each, str) else str(each) for each in given]
    parts = [kind, *map(_stem, given)]
    return f"{'_'.join(parts)}-{identity_hash({'given': contents, **asdict(settings)})[:8]}"


def _stem(image: str | int) -> str:
    """What files are called after an image: its own name."""
    return stem(Path(str(image)).stem)
