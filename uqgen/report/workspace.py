"""The W&B workspace of a project: which panels it has, in which order, and what they draw."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import wandb_workspaces.reports.v2 as wr
import wandb_workspaces.workspaces as ws
from wandb_workspaces import expr

COLUMNS = 3  # of panels in a section
MAX_RUNS = 50  # in a panel; W&B's default is 10

# What a run logs and the panels draw, by title.
X = "n_images"
PROTOCOLS = ("uniform", "data")
JUDGES = ("judge 1", "judge 2", "judge 3")
MANIFOLD = ("manifold/mean", "manifold/certain/mean")
IN_VS_OUT = {
    "Mean absolute error": [f"in_vs_out/{protocol}/mae" for protocol in PROTOCOLS],
    "Pearson correlation": [f"in_vs_out/{protocol}/pearson" for protocol in PROTOCOLS],
    "Spearman correlation": [f"in_vs_out/{protocol}/spearman" for protocol in PROTOCOLS],
    "Bias (obtained less asked)": [f"in_vs_out/{protocol}/bias" for protocol in PROTOCOLS],
    "Root mean square error": [f"in_vs_out/{protocol}/rmse" for protocol in PROTOCOLS],
}
QUALITY = {
    "Class agreement": [f"class_agreement/{protocol}" for protocol in PROTOCOLS],
    "Judges' Pearson correlation (uniform)": [f"judges/uniform/{judge}/pearson" for judge in JUDGES],
    "Judges' Pearson correlation (data)": [f"judges/data/{judge}/pearson" for judge in JUDGES],
    "Coverage, share of real (all scores; certain end)": [f"{place}/coverage/ratio" for place in MANIFOLD],
    "Recall, share of real (all scores; certain end)": [f"{place}/recall/ratio" for place in MANIFOLD],
    "Precision, share of real (all scores; certain end)": [f"{place}/precision/ratio" for place in MANIFOLD],
    "FID (images)": ["realism/images/fid"],
    "KID (images)": ["realism/images/kid"],
    "Sliced Wasserstein distance (points)": ["realism/sliced_wasserstein"],
}
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
    "Enforcement": ["train/d_enforcement", "train/g_enforcement"],
}
SAMPLES = ["samples"]
FIGURES = [
    *("figures/beside_certain", "figures/beside_uncertain", "figures/manifold"),
    *("figures/in_vs_out", "figures/in_vs_out_second", "figures/samples", "figures/two_rows", "figures/moons"),
    *("figures/distribution", "figures/judges", "figures/guidance", "figures/training"),
]
SETTINGS = {"condition": "choices.condition", "score": "choices.score", "seed": "seed"}
RESULTS = {
    "MAE (uniform)": "in_vs_out/uniform/mae",
    "Pearson (uniform)": "in_vs_out/uniform/pearson",
    "class agreement (data)": "class_agreement/data",
}
REALISM = {
    "Images": {"FID": "realism/images/fid"},
    "Points": {"sliced Wasserstein": "realism/sliced_wasserstein"},
}


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


SCATTER = {"x": "asked", "y": "obtained"}
CHARTS = (
    *(Chart(f"charts/scatter_{p}", "wandb/scatter/v0", SCATTER, f"Asked ({p}) against obtained") for p in PROTOCOLS),
    *(
        Chart(f"charts/curve_{p}", "wandb/line/v0", {**SCATTER, "stroke": "kind"}, f"Obtained by asked ({p})")
        for p in PROTOCOLS
    ),
)


def workspace(entity: str, project: str) -> ws.Workspace:
    """The workspace of a project, not saved; touches no network.

    Runs are grouped by sweep, and in it by condition, so that a curve is the mean of several seeds.

    Args:
        entity: the user or the team that owns the project.
        project: its name.
    """
    sections = [
        _section("In against out", [*map(_chart, CHARTS), *_lines(IN_VS_OUT)]),
        _section("Quality", _lines(QUALITY)),
        _section("Samples", [_samples(), _figures()], columns=1),
        _section("Throughput", _lines(THROUGHPUT)),
        _section("Training", _lines(TRAINING)),
        _section("Sweep", [_coordinates(kind, realism) for kind, realism in REALISM.items()], columns=1),
    ]
    return ws.Workspace(
        entity=entity,
        project=project,
        name="uqgen: in against out",
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


def _lines(metrics: Mapping[str, list[str]]) -> list[wr.LinePlot]:
    return [wr.LinePlot(title=title, x=X, y=names, title_x="training images") for title, names in metrics.items()]


def _chart(chart: Chart) -> wr.CustomChart:
    # The query is the one that W&B's own panels make of a chart that a run logs.
    query = {"id": {}, "name": {}, "_defaultColorIndex": {}, "summaryTable": {"tableKey": chart.table}}
    axes = {"xname": "asked", "yname": "obtained"} if "stroke" in chart.fields else {}
    strings = {"title": chart.title, **axes}
    return wr.CustomChart(query=query, chart_name=chart.kind, chart_fields=dict(chart.fields), chart_strings=strings)


def _samples() -> wr.MediaBrowser:
    """A row for each run, and a column for each step, which are images too."""
    return wr.MediaBrowser(
        title="Samples as the training goes", media_keys=SAMPLES, mode="grid", grid_x_axis="step", grid_y_axis="run"
    )


def _figures() -> wr.MediaBrowser:
    return wr.MediaBrowser(title="Figures at the end", media_keys=FIGURES, mode="gallery", gallery_axis="run")


def _coordinates(kind: str, realism: Mapping[str, str]) -> wr.ParallelCoordinatesPlot:
    """Settings to results; realism of one kind, since W&B leaves out a run that lacks a column."""
    columns = [
        *(wr.ParallelCoordinatesPlotColumn(wr.Config(key), display_name=name) for name, key in SETTINGS.items()),
        *(
            wr.ParallelCoordinatesPlotColumn(wr.SummaryMetric(key), display_name=name)
            for name, key in {**RESULTS, **realism}.items()
        ),
    ]
    return wr.ParallelCoordinatesPlot(title=f"{kind}: settings and what they lead to", columns=columns)
