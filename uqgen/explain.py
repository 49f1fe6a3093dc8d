"""``python -m uqgen.explain run=DIR``: what the classifier's uncertainty looks like, and what explains it.

With ``image=FILE`` or ``image=INDEX`` one given image is edited instead, with ``edits=200`` as many are, and with
``between=[A,B]`` one given image turns into another. ``export=DIR`` writes the slices that were found as files, too.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from uqgen.config import make_under, plain, run_command
from uqgen.run_folder import RunFolder
from uqgen.settings import SettingError, known_as, require, require_integer

if TYPE_CHECKING:
    from uqgen.explanation.editing_settings import EditingSettings
    from uqgen.explanation.explanation_settings import ExplanationSettings


def print_rows(rows: list[list[str]]) -> None:
    """Prints a table: a header, then its rows; names break between words."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    (first, *others), *rest = rows
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column(first, min_width=max(len(word) for row in rows for word in row[0].split()))
    for name in others:
        table.add_column(name, justify="right")  # where lines are narrow, an interval stands below its value
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
    folder = RunFolder(Path(settings["run"]))
    folder.read_settings()  # refuses what is no run, before anything is written
    with folder.held():
        return _explain(folder, settings, chosen, editing)


def _explain(
    folder: RunFolder, settings: dict[str, Any], chosen: "ExplanationSettings", editing: "EditingSettings"
) -> float:
    from uqgen.explanation.editing_study import SMALLEST  # slow imports, which --help and a mistake need not wait for
    from uqgen.explanation.slice_export import export_slices
    from uqgen.logs import log_to
    from uqgen.metrics.plain import as_plain
    from uqgen.report.edit_figures import quality_rows
    from uqgen.report.explanation_tables import shares_rows
    from uqgen.run_loading import load_run, permissions
    from uqgen.run_reports.editing import edit_given, edit_many, interpolate_between
    from uqgen.run_reports.explanation import explain_run

    with known_as("split", "evaluation.split"):
        run = load_run(folder, {"split": settings["split"]}, **permissions(settings))
    require(run.experiment.data.is_image, "run", run.folder.path, "a run of images")
    run.folder.explanation.mkdir(exist_ok=True)
    log_to(run.folder.explanation / "explain.log")
    if settings["image"] is not None:
        return edit_given(run, settings["image"], editing).error
    if settings["between"] is not None:
        with known_as("between", "image"):
            return float(interpolate_between(run, settings["between"], editing).error.max())
    if settings["edits"] is not None:
        quality = edit_many(run, settings["edits"], editing).quality
        print_rows(quality_rows(quality))
        return quality[SMALLEST].reached.value
    explanation = explain_run(run, chosen)
    analysis = explanation.analysis
    print_rows(shares_rows(as_plain(analysis)))
    if settings["export"] is not None:
        export_slices(explanation.slices, run.evaluator, Path(settings["export"]))
    return analysis.sources["generated"].explained["all"].r2.value


def _check(settings: dict[str, Any]) -> tuple["ExplanationSettings", "EditingSettings"]:
    """The settings as objects, before anything is loaded."""
    from uqgen.explanation.editing_settings import EditingSettings
    from uqgen.explanation.explanation_settings import ExplanationSettings
    from uqgen.explanation.slice_export import check_export

    requested = {name: settings[name] for name in ("image", "edits", "between") if settings[name] is not None}
    if len(requested) > 1:
        first, name, *_ = requested
        raise SettingError(name, requested[name], f"without {first}=")
    if settings["export"] is not None:
        require(not requested, "export", settings["export"], "without image=, edits= and between=")
        check_export(Path(settings["export"]))
    if "image" in requested:
        _require_given("image", requested["image"])
    if "edits" in requested:
        require_integer("edits", requested["edits"], 1)
    if "between" in requested:
        is_pair = isinstance(requested["between"], list) and len(requested["between"]) == 2
        require(is_pair, "between", requested["between"], "two images, as [17,mine.png]")
        for image in requested["between"]:
            _require_given("between", image)
    chosen = make_under("explanation", lambda: ExplanationSettings(**settings["explanation"]))
    return chosen, make_under("editing", lambda: EditingSettings(**settings["editing"]))


def _require_given(name: str, image: Any) -> None:
    is_position = isinstance(image, int) and not isinstance(image, bool)
    is_file = isinstance(image, str) and Path(image).is_file()
    require(is_position or is_file, name, image, "a file, or a position in the test split")


if __name__ == "__main__":
    run_command("explain", main)
