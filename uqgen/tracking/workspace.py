"""The W&B workspace of in against out: what `WandbTracker` logs, laid out for many runs at once."""

from typing import Any

import wandb_workspaces.reports.v2 as wr
import wandb_workspaces.workspaces as ws
from wandb_workspaces import expr

X = "n_images"
PROTOCOLS = ("uniform", "data")
JUDGES = tuple(f"judges/{protocol}/judge {number}/pearson" for protocol in PROTOCOLS for number in (1, 2, 3))


def workspace(entity: str, project: str) -> ws.Workspace:
    """The workspace, in memory: nothing is asked of a server.

    Args:
        entity: user or team.
        project: of the runs.
    """
    sections = {
        "In against out": _in_vs_out(),
        "Quality": _quality(),
        "Samples": _samples(),
        "Throughput": [
            _line("Images per second", "train/images_per_second"),
            _line("Memory (GiB)", "train/memory_gib"),
        ],
        "Training": _training(),
        "Sweep": [_parallel_coordinates()],
    }
    return ws.Workspace(
        entity=entity,
        project=project,
        name="uqgen: in against out",
        sections=[ws.Section(name=name, panels=panels, is_open=True) for name, panels in sections.items()],
        settings=ws.WorkspaceSettings(x_axis=X, max_runs=50),
        runset_settings=ws.RunsetSettings(groupby=[expr.Config("group"), expr.Config("choices.condition")]),
    )


def specification(view: ws.Workspace) -> dict[str, Any]:
    """The workspace as W&B keeps it, plain."""
    return view._to_model().spec.model_dump(mode="json", by_alias=True, exclude_none=True)


def _in_vs_out() -> list[wr.interface.PanelTypes]:
    charts = [
        _chart(f"charts/{kind}_{protocol}_table", preset, fields, f"{kind} of obtained by asked, asked {protocol}")
        for protocol in PROTOCOLS
        for kind, preset, fields in (
            ("scatter", "wandb/scatter/v0", {"x": "asked", "y": "obtained"}),
            ("curve", "wandb/line/v0", {"x": "asked", "y": "obtained", "stroke": "kind"}),
        )
    ]
    lines = [
        _line(f"{title} ({protocol})", f"in_vs_out/{protocol}/{name}")
        for protocol in PROTOCOLS
        for name, title in (("mae", "Mean absolute error"), ("pearson", "Pearson correlation"))
    ]
    return [*charts, *lines]


def _quality() -> list[wr.interface.PanelTypes]:
    agreement = [f"class_agreement/{protocol}" for protocol in PROTOCOLS]
    return [
        _line("Class agreement", *agreement),
        _line("FID", "realism/images/fid"),
        _line("Sliced Wasserstein distance", "realism/sliced_wasserstein"),
        _line("Judges: Pearson correlation", *JUDGES),
    ]


def _samples() -> list[wr.interface.PanelTypes]:
    figures = [f"figures/{name}" for name in ("in_vs_out", "two_rows", "moons", "distribution", "judges")]
    return [
        wr.MediaBrowser(title="Samples as the training goes", media_keys=["samples"], num_columns=1),
        wr.MediaBrowser(title="Figures of the report", media_keys=figures, num_columns=2),
    ]


def _training() -> list[wr.interface.PanelTypes]:
    return [
        _line("Losses", "train/d_loss", "train/g_loss"),
        _line("R1 or gradient penalty", "train/penalty"),
        _line("Discriminator's logits", "train/real_logit", "train/fake_logit"),
        _line("Path-length penalty", "train/path_length_penalty"),
    ]


def _parallel_coordinates() -> wr.ParallelCoordinatesPlot:
    settings = {"choices.condition": "condition", "choices.score": "score", "seed": "seed"}
    numbers = {
        "in_vs_out/uniform/mae": "uniform MAE",
        "in_vs_out/uniform/pearson": "uniform Pearson",
        "class_agreement/data": "class agreement",
        "realism/images/fid": "FID",
    }
    columns = [(wr.Config(name), title) for name, title in settings.items()]
    columns += [(wr.SummaryMetric(name), title) for name, title in numbers.items()]
    return wr.ParallelCoordinatesPlot(
        title="Settings and what came of them",
        columns=[wr.ParallelCoordinatesPlotColumn(metric=metric, display_name=title) for metric, title in columns],
    )


def _line(title: str, *names: str) -> wr.LinePlot:
    return wr.LinePlot(title=title, x=X, y=list(names))


def _chart(table: str, preset: str, fields: dict[str, str], title: str) -> wr.CustomChart:
    query = {"summaryTable": {"tableKey": table}}
    return wr.CustomChart(query=query, chart_name=preset, chart_fields=fields, chart_strings={"title": title})
