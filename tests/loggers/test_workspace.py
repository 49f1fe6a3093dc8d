"""What the panels draw is what a run logs, and the charts are those that W&B itself would make of it."""

import json
import socket
from pathlib import Path

import numpy as np
import pytest

from uqgen.config import CONF, compose, plain
from uqgen.evaluation.manifold import BesideReal, InBin, Manifold
from uqgen.evaluation.measurements import Measurements
from uqgen.evaluation.protocol import ProtocolResult
from uqgen.evaluation.results_json import measured
from uqgen.fitting.speed import MEASURED
from uqgen.generators.flow.module import ConditionalFlow
from uqgen.generators.gan.module import ConditionalGAN
from uqgen.loggers.run_logger import RequestedAchieved
from uqgen.loggers.wandb import WandbLogger
from uqgen.metrics.cluster_shares import ClusterShares
from uqgen.metrics.fidelity import Fidelity
from uqgen.metrics.in_vs_out import in_vs_out
from uqgen.metrics.metric import scalars
from uqgen.metrics.ratio import Ratio
from uqgen.report.run_page import captions

pytest.importorskip("wandb_workspaces")

from uqgen.loggers.workspace import CHARTS, FIGURES, specification, workspace

SECTIONS = ["At the end", "In vs. out", "Quality", "Samples", "Throughput", "Training", "Sweep"]
QUANTITIES = (*ConditionalGAN.quantities, *ConditionalFlow.quantities, *MEASURED)
JUDGES = ("judge 1", "judge 2", "judge 3")
REQUESTED, ACHIEVED = 3 * [0.2, 0.4, 0.6, 0.8], 3 * [0.3, 0.4, 0.5, 0.9]


def agreement():
    return in_vs_out(REQUESTED, ACHIEVED, edges=np.array([0, 0.5, 1]), n_resamples=2)


def evaluated() -> set[str]:
    """Names of the numbers of an evaluation, of images and of points."""
    found = agreement()
    judges = dict.fromkeys(JUDGES, found)
    result = ProtocolResult({"in_vs_out": found, "class_agreement": found.mae, "judges": judges})
    realism = {"images": Fidelity(fid=1.0, kid=0.1, kid_std=0.1), "sliced_wasserstein": 0.1}
    mean = BesideReal(*4 * [Ratio.of(1.0, 1.0)])
    certain = InBin(0.9, 1.0, mean, {}, ClusterShares(Ratio.of(0.1, 0.1), ()))
    manifold = Manifold(5, certain, (), mean, mean)
    beside = {"manifold": manifold, "detail": manifold, "texture": manifold}
    return set(scalars(measured(Measurements({"data": result, "uniform": result}, realism, {}, **beside))))


class Recorder:
    """Stands in for W&B's run."""

    step = 0

    def __init__(self) -> None:
        self.logged = {}

    def define_metric(self, *args, **options):
        pass

    def log(self, values, step):
        self.logged |= values


@pytest.fixture
def charts(monkeypatch, tmp_path) -> dict:
    """The charts of an evaluation as W&B gets them, by name."""
    recorder = Recorder()
    monkeypatch.setattr("wandb.init", lambda **options: recorder)
    logger = WandbLogger(tmp_path, mode="offline")
    for protocol in ("data", "uniform"):
        logger.log_in_vs_out(RequestedAchieved("test", protocol, REQUESTED, ACHIEVED, agreement(), "msp"), 1)
    found = {name: chart for name, chart in recorder.logged.items() if name != "n_images"}
    for name, chart in found.items():
        chart.set_key(name)
    return found


@pytest.fixture(scope="module")
def spec() -> dict:
    return specification(workspace("someone", "mine"))


@pytest.fixture(scope="module")
def sections(spec) -> dict[str, list[dict]]:
    """The configurations of the panels of each section."""
    found = spec["spec"]["section"]["panelBankConfig"]["sections"]
    return {section["name"]: [panel["config"] for panel in section["panels"]] for section in found}


def test_sections_stand_in_their_order_open_and_on_one_page(spec):
    found = spec["spec"]["section"]["panelBankConfig"]["sections"]
    assert [section["name"] for section in found] == SECTIONS
    for section in found:
        flow = section["flowConfig"]
        assert section["isOpen"]
        assert 0 < len(section["panels"]) <= flow["columnsPerPage"] * flow["rowsPerPage"]
        assert len(section["panels"]) > flow["columnsPerPage"] * (flow["rowsPerPage"] - 1)


def test_it_belongs_to_its_project(spec):
    assert (spec["entity"], spec["project"]) == ("someone", "mine")


def test_every_line_is_a_number_that_a_run_logs(sections):
    logged = {f"{split}/{name}" for split in ("val", "test") for name in evaluated()}
    logged |= {f"train/{name}" for name in QUANTITIES}
    drawn = [name for panels in sections.values() for panel in panels for name in panel.get("metrics", [])]
    assert set(drawn) <= logged
    of_the_end = [name for panel in sections["At the end"] for name in panel.get("metrics", [])]
    assert {name for name in drawn if name.startswith("test/")} == set(of_the_end)
    assert len(drawn) == len(set(drawn))
    assert {name for name in drawn if name.startswith("train/")} == {f"train/{name}" for name in QUANTITIES}
    for name in ("in_vs_out/uniform/mae", "class_agreement/data", "realism/images/fid", "realism/sliced_wasserstein"):
        assert {f"val/{name}", f"test/{name}"} <= set(drawn)
    assert {f"val/judges/{protocol}/{judge}/pearson" for protocol in ("data", "uniform") for judge in JUDGES} <= set(
        drawn
    )


def test_every_x_axis_is_the_number_of_images(spec, sections):
    whole = spec["spec"]["section"]
    axes = [whole["settings"]["xAxis"]]
    axes += [section["localPanelSettings"]["xAxis"] for section in whole["panelBankConfig"]["sections"]]
    lines = [panel for panels in sections.values() for panel in panels if "xAxis" in panel]
    assert lines
    assert {*axes, *(panel["xAxis"] for panel in lines)} == {"n_images"}


def test_charts_are_drawn_as_w_and_b_draws_those_of_a_run(sections, charts):
    drawn = {panel["stringSettings"]["title"]: panel for panel in sections["At the end"] if "panelDefId" in panel}
    assert {chart.key for chart in CHARTS} == charts.keys()
    assert len(drawn) == len(CHARTS)
    for chart in CHARTS:
        panel, logged = drawn[chart.title], charts[chart.key]
        truth = logged.spec.config_value["panel_config"]
        assert panel["panelDefId"] == truth["panelDefId"]
        assert panel["fieldSettings"] == truth["fieldSettings"]
        assert panel["stringSettings"].keys() == truth["stringSettings"].keys()
        assert panel["transform"] == truth["transform"]
        (query,), (true_query,) = panel["userQuery"]["queryFields"], truth["userQuery"]["queryFields"]
        assert query["fields"] == true_query["fields"]
        assert true_query["args"][0] in query["args"]
        assert set(panel["fieldSettings"].values()) <= set(logged.table.columns)


def test_pictures_are_those_that_a_run_logs(sections):
    growing, final = sections["Samples"]
    assert growing["mediaKeys"] == ["samples"]
    assert growing["gridSettings"] == {"xAxis": "step", "yAxis": "run"}
    settled = {"score": "msp", "evaluation_split": "test", "second_score": None, "support": {"edges": [0.5, 1.0]}}
    made = captions(settled)
    assert sorted(final["mediaKeys"]) == sorted(FIGURES) == sorted(f"figures/{name}" for name in made)


def test_a_sweep_shows_settings_and_what_they_lead_to(sections):
    images, points = ([column["accessor"] for column in panel["columns"]] for panel in sections["Sweep"])
    assert images == [
        "config:choices.value.condition",
        "config:choices.value.score",
        "config:seed.value",
        "summary:test/in_vs_out/uniform/mae",
        "summary:test/in_vs_out/uniform/pearson",
        "summary:test/class_agreement/data",
        "summary:test/manifold/mean/coverage/ratio",
        "summary:test/realism/images/fid",
    ]
    assert points == [*images[:-1], "summary:test/realism/sliced_wasserstein"]
    logged = evaluated()
    assert {name.removeprefix("summary:test/") for name in images + points if name.startswith("summary:")} <= logged


def test_runs_are_grouped_by_sweep_and_condition(spec):
    (runs,) = spec["spec"]["section"]["runSets"]
    assert runs["grouping"] == [
        {"section": "run", "name": "group"},
        {"section": "config", "name": "choices.value.condition"},
    ]


def test_the_settings_are_there_in_every_run():
    settings = plain(compose([]))
    assert {"seed", "choices", "group"} <= settings.keys()
    assert all(Path(CONF, group).is_dir() for group in ("condition", "score"))


def test_is_made_without_a_network_or_an_account(monkeypatch, spec):
    def refuse(*args):
        raise AssertionError("the network was used")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    again = specification(workspace("someone", "mine"))
    assert again.keys() == spec.keys()
    assert json.loads(json.dumps(again)) == again
