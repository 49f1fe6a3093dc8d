"""The W&B workspace of a project: which panels it has, in which order, and what they draw."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import wandb_workspaces.reports.v2 as wr
import wandb_workspaces.workspaces as ws
from wandb_workspaces import expr

from uqgen.evaluation.protocol import PROTOCOLS
from uqgen.loggers.telling import IN_TRAINING
from uqgen.metrics import METRICS, Metric
from uqgen.metrics.metric import main_metrics

COLUMNS = 3  # of panels in a section
MAX_RUNS = 50  # in a panel; W&B's default is 10

# What a run logs and the panels draw, by title.
X = "n_images"
JUDGES = ("judge 1", "judge 2", "judge 3")
FINAL = "test"  # the split of evaluations at the end
THROUGHPUT = {
    "Images per second": ["train/images_per_second"],
    "Memory (GiB)": ["train/memory_gib"],
}
TRAINING = {
    "Losses of a GAN": ["train/d_loss", "train/g_loss"],
    "Loss of a flow": ["train/loss"],
    "Logits": ["train/real_logit", "train/fake_logit"],
    "Penalty": ["train/penalty"],
    "Path-length penalty": ["train/path_length_penalty"],
    "Energy score": ["train/energy", "train/detail_energy"],
    "Enforcement": ["train/d_enforcement", "train/g_enforcement"],
}
SAMPLES = ["samples"]
FIGURES = [
    *("figures/score_quality", "figures/confident_errors"),
    *("figures/beside_certain", "figures/beside_uncertain", "figures/manifold"),
    *("figures/clusters_detail", "figures/clusters"),
    *("figures/overview", "figures/in_vs_out", "figures/in_vs_out_second"),
    *("figures/samples", "figures/two_rows", "figures/moons"),
    *("figures/distribution", "figures/judges", "figures/guidance", "figures/training"),
]
SETTINGS = {"condition": "choices.condition", "score": "choices.score", "seed": "seed"}


@dataclass(frozen=True)
class Chart:
    """A chart of W&B's own that a run draws from a table it logs.

    Attributes:
        key: under which the run logs it.
        kind: W&B's name of what draws it.
        fields: what is drawn from which column of the table.
        title: shown above it.
    """

    key: str
    kind: str
    fields: Mapping[str, str]
    title: str

    @property
    def table(self) -> str:
        """Under which the run logs the table."""
        return f"{self.key}_table"


SCATTER = {"x": "requested", "y": "achieved"}
CURVE = {**SCATTER, "stroke": "kind"}
CHARTS = (
    *(
        Chart(f"{FINAL}/charts/scatter_{p}", "wandb/scatter/v0", SCATTER, f"Requested ({p}) against achieved")
        for p in PROTOCOLS
    ),
    *(Chart(f"{FINAL}/charts/curve_{p}", "wandb/line/v0", CURVE, f"Achieved by requested ({p})") for p in PROTOCOLS),
)


def workspace(entity: str, project: str) -> ws.Workspace:
    """The workspace of a project, not saved; touches no network.

    Runs are grouped by sweep, and in it by condition, so that a curve is the mean of several seeds.

    Args:
        entity: the user or the team that owns the project.
        project: its name.
    """
    sections = [
        _section("At the end", [*_bars(), *map(_chart, CHARTS)]),
        *(_section(name, _metric_lines(name)) for name in dict.fromkeys(m.section for m in METRICS if m.section)),
        _section("Samples", [_samples(), _figures()], columns=1),
        _section("Throughput", _lines(THROUGHPUT)),
        _section("Training", _lines(TRAINING)),
        _section("Sweep", [_coordinates(kind) for kind in ("images", "points")], columns=1),
    ]
    return ws.Workspace(
        entity=entity,
        project=project,
        name="uqgen: in vs. out",
        sections=sections,
        settings=ws.WorkspaceSettings(x_axis=X, max_runs=MAX_RUNS),
        runset_settings=ws.RunsetSettings(groupby=[expr.Metric("Group"), expr.Config(SETTINGS["condition"])]),
    )


def specification(workspace: ws.Workspace) -> dict[str, Any]:
    """A workspace as the plain values that W&B keeps of it; touches no network."""
    view = workspace._to_model()  # its package offers no other way short of saving
    return json.loads(view.model_dump_json(by_alias=True, exclude_none=True))


def _section(name: str, panels: Iterable[Any], columns: int = COLUMNS) -> ws.Section:
    """An open section on one page."""
    panels = list(panels)
    return ws.Section(
        name=name,
        panels=panels,
        is_open=True,
        layout_settings=ws.SectionLayoutSettings(columns=columns, rows=-(-len(panels) // columns)),
        panel_settings=ws.SectionPanelSettings(x_axis=X),
    )


def _lines(panels: Mapping[str, list[str]], unit: str = "") -> list[wr.LinePlot]:
    titles = {"title_x": "training images", **({"title_y": unit} if unit else {})}
    return [wr.LinePlot(title=title, x=X, y=names, **titles) for title, names in panels.items()]


def _metric_lines(section: str) -> list[wr.LinePlot]:
    """The curves of a section's metrics in training, those of one panel together."""
    drawn = [metric for metric in METRICS if metric.section == section]
    panels: dict[tuple[str, str], list[str]] = {}
    for metric in drawn:
        panels.setdefault((metric.panel, metric.unit), []).extend(_keys(metric, IN_TRAINING))
    return [line for (title, unit), names in panels.items() for line in _lines({title: names}, unit)]


def _bars() -> list[wr.BarPlot]:
    """The main metrics at the end, a bar for each run."""
    return [wr.BarPlot(title=metric.title, metrics=_keys(metric, FINAL)) for metric in main_metrics()]


def _keys(metric: Metric, split: str) -> list[str]:
    """What a run logs of a metric; where there are several, of each judge."""
    names = JUDGES if "*" in metric.key else ("",)
    return [f"{split}/{metric.key.replace('*', name)}" for name in names]


def _chart(chart: Chart) -> wr.CustomChart:
    # The query is the one that W&B's own panels make of a chart that a run logs.
    query = {"id": {}, "name": {}, "_defaultColorIndex": {}, "summaryTable": {"tableKey": chart.table}}
    axes = {"xname": "requested", "yname": "achieved"} if "stroke" in chart.fields else {}
    strings = {"title": chart.title, **axes}
    return wr.CustomChart(query=query, chart_name=chart.kind, chart_fields=dict(chart.fields), chart_strings=strings)


def _samples() -> wr.MediaBrowser:
    """A row for each run, and a column for each step, which are images too."""
    return wr.MediaBrowser(
        title="Samples as the training goes", media_keys=SAMPLES, mode="grid", grid_x_axis="step", grid_y_axis="run"
    )


def _figures() -> wr.MediaBrowser:
    return wr.MediaBrowser(title="Figures at the end", media_keys=FIGURES, mode="gallery", gallery_axis="run")


def _coordinates(kind: str) -> wr.ParallelCoordinatesPlot:
    """Settings to results; metrics of one kind of data, since W&B leaves out a run that lacks a column."""
    metrics = [metric for metric in main_metrics() if "*" not in metric.key and metric.data in ("", kind)]
    columns = [
        *(wr.ParallelCoordinatesPlotColumn(wr.Config(key), display_name=name) for name, key in SETTINGS.items()),
        *(
            wr.ParallelCoordinatesPlotColumn(wr.SummaryMetric(f"{FINAL}/{metric.key}"), display_name=metric.title)
            for metric in metrics
        ),
    ]
    return wr.ParallelCoordinatesPlot(title=f"{kind.capitalize()}: settings and results", columns=columns)
