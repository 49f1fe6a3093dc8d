"""``python -m uqgen.explain run=DIR``: what the classifier's uncertainty looks like, and what explains it.

With ``image=FILE`` or ``image=INDEX`` one given image is edited instead, with ``edits=200`` as many are, and with
``between=[A,B]`` one given image is led to another.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from omegaconf import DictConfig

from uqgen.config import plain, run_command
from uqgen.settings import SettingError, require, require_integer

if TYPE_CHECKING:
    from uqgen.explanation.editing_settings import EditingSettings
    from uqgen.explanation.editing_study import EditingStudy
    from uqgen.explanation.explanation import Explanation
    from uqgen.explanation.given_image import EditedImage
    from uqgen.explanation.interpolation import Between
    from uqgen.explanation.settings import ExplanationSettings
    from uqgen.run import Run

log = logging.getLogger("uqgen.explain")
T = TypeVar("T")


def explain_run(run: "Run", settings: "ExplanationSettings") -> "Explanation":
    """Explains a run: results.json, the figures and sweep.gif in its folder, in `explanation/`, and its report again.

    Args:
        run: a trained run of images.
        settings: sizes and seed.

    Raises:
        SettingError: the run's data are points.
    """
    from uqgen.evaluation.in_vs_out import as_plain  # slow imports, which --help need not wait for
    from uqgen.explanation.explanation import explain
    from uqgen.report.explained_page import write_explained_page
    from uqgen.report.explanation_report import write_figures

    explanation = explain(run, settings)
    folder = run.folder.explanation
    write_figures(folder, explanation, run, settings)
    results = {"run": str(run.folder.path), "score": run.classifiers.score.name, "settings": settings}
    run.folder.write(folder / "results.json", as_plain({**results, **explanation.results()}))
    write_explained_page(run.folder)
    log.info("explanation: %s, and in %s", folder.resolve(), run.folder.report.resolve())
    return explanation


def edit_given(run: "Run", image: str | int, settings: "EditingSettings") -> "EditedImage":
    """Edits one image to scores from the certain end of the reachable range to the uncertain one, and draws it.

    Args:
        run: a trained run of images.
        image: a file, or a position in the test split.
        settings: steps, number of scores, and seed.

    Raises:
        SettingError: the image cannot be read, or the generator has no W.
    """
    import numpy as np

    from uqgen.explanation.given_image import edit_image
    from uqgen.report.edit_figures import edited_image_figure
    from uqgen.report.saving import save_figure

    score, (low, high) = run.classifiers.score, run.evaluator().asked_range
    ends = (high, low) if score.high_means == "confident" else (low, high)
    edited = edit_image(run, image, np.linspace(*ends, settings.n_scores).tolist(), settings)
    path = run.folder.explanation / f"image_{Path(str(image)).stem}.png"
    save_figure(edited_image_figure(edited, run.class_names, score.name, seed=settings.seed), path)
    log.info("edited image: %s", path.resolve())
    return edited


def lead_between(run: "Run", images: Sequence[str | int], settings: "EditingSettings") -> "Between":
    """Goes from one image to another, and writes `between_A_B.png` and `between_A_B.json` in `explanation/`.

    Args:
        run: a trained run of images.
        images: two, each a file or a position in the test split.
        settings: see there.

    Raises:
        SettingError: an image cannot be read, or the generator has no W.
    """
    from uqgen.evaluation.in_vs_out import as_plain
    from uqgen.explanation.interpolation import interpolate_given
    from uqgen.report.between_figure import between_figure
    from uqgen.report.saving import save_figure

    (first, second), names, score = images, run.class_names, run.classifiers.score.name
    between = interpolate_given(run, first, second, settings)
    path = run.folder.explanation / f"between_{Path(str(first)).stem}_{Path(str(second)).stem}.png"
    results = {"run": str(run.folder.path), "score": score, "images": images, "class_names": names}
    run.folder.write(path.with_suffix(".json"), as_plain({**results, "settings": settings, **between.results()}))
    save_figure(between_figure(between, names, score, run.evaluator().asked_range, seed=settings.seed), path)
    log.info("between two images: %s", path.resolve())
    return between


def study(run: "Run", n: int, settings: "EditingSettings") -> "EditingStudy":
    """Edits real images by several methods, and writes edits.json and edits.png in the run's `explanation/`.

    Args:
        run: a trained run of images.
        n: number of images.
        settings: see there.

    Raises:
        SettingError: there are not as many images, or the generator has no W.
    """
    from uqgen.evaluation.in_vs_out import as_plain
    from uqgen.explanation.editing_study import study_edits
    from uqgen.report.edit_figures import edits_figure
    from uqgen.report.saving import save_figure

    found, folder, score = study_edits(run, n, settings), run.folder.explanation, run.classifiers.score.name
    results = {"run": str(run.folder.path), "score": score, "split": run.experiment.evaluation.split}
    run.folder.write(folder / "edits.json", as_plain({**results, "settings": settings, **found.results()}))
    figure = edits_figure(found.given, found.asked, found.edits, run.class_names, score, seed=settings.seed)
    save_figure(figure, folder / "edits.png")
    log.info("edits: %s", folder.resolve())
    return found


def say(rows: list[list[str]]) -> None:
    """Prints a table: a header, then its rows."""
    from rich.console import Console
    from rich.table import Table

    header, *rest = rows
    table = Table(*header)
    for row in rest:
        table.add_row(*row)
    Console().print(table)


def main(cfg: DictConfig) -> float:
    """Loads a run and explains it, or does something to given images.

    Returns:
        The share of the score that attributes explain of generated images; the share of edits that reach their score;
        or the error of the one image's inversion, or of two images' the larger one.
    """
    settings = plain(cfg)
    chosen, editing = _check(settings)
    from uqgen.logs import log_to
    from uqgen.run import load_run
    from uqgen.run_folder import RunFolder

    run = load_run(RunFolder(Path(settings["run"])), {"split": settings["split"]})
    require(run.experiment.data.is_image, "run", run.folder.path, "a run of images")
    run.folder.explanation.mkdir(exist_ok=True)
    log_to(run.folder.explanation / "explain.log")
    if settings["image"] is not None:
        return edit_given(run, settings["image"], editing).error
    if settings["between"] is not None:
        return float(lead_between(run, settings["between"], editing).error.max())
    if settings["edits"] is not None:
        from uqgen.report.edit_figures import quality_rows

        quality = study(run, settings["edits"], editing).quality
        say(quality_rows(quality))
        return quality["condition, then W+"].reached.value
    from uqgen.report.explanation_report import shares_rows

    analysis = explain_run(run, chosen).analysis
    say(shares_rows(analysis))
    return analysis.sources["generated"].explained["all"].r2.value


def _check(settings: dict[str, Any]) -> tuple["ExplanationSettings", "EditingSettings"]:
    """The settings as objects, before anything is loaded."""
    from uqgen.explanation.editing_settings import EditingSettings
    from uqgen.explanation.settings import ExplanationSettings

    asked = {name: settings[name] for name in ("image", "edits", "between") if settings[name] is not None}
    if len(asked) > 1:
        first, name, *_ = asked
        raise SettingError(name, asked[name], f"without {first}=")
    if "image" in asked:
        _require_given("image", asked["image"])
    if "edits" in asked:
        require_integer("edits", asked["edits"], 1)
    if "between" in asked:
        is_pair = isinstance(asked["between"], list) and len(asked["between"]) == 2
        require(is_pair, "between", asked["between"], "two images, as [17,mine.png]")
        for image in asked["between"]:
            _require_given("between", image)
    return _under("explanation", ExplanationSettings, settings), _under("editing", EditingSettings, settings)


def _require_given(name: str, image: Any) -> None:
    is_position = isinstance(image, int) and not isinstance(image, bool)
    is_file = isinstance(image, str) and Path(image).is_file()
    require(is_position or is_file, name, image, "a file, or a position in the test split")


def _under(section: str, make: Callable[..., T], settings: dict[str, Any]) -> T:
    try:
        return make(**settings[section])
    except SettingError as error:
        raise error.under(section) from None


if __name__ == "__main__":
    run_command("explain", main)
