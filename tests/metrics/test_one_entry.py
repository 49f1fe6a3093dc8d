"""A metric is one file: what it registers is shown everywhere."""

import json

import numpy as np
import pytest
from moons_oracle import Oracle, make_evaluator, make_moons
from scipy.stats import kendalltau

from uqgen.comparison.jobs import Job, State
from uqgen.comparison.tables import markdown
from uqgen.comparison.variants import compare_jobs
from uqgen.data.moons import MoonsDataModule
from uqgen.evaluation import results_json
from uqgen.evaluation.measure import Evaluator
from uqgen.metrics import Metric, Row, control, distance, per_protocol, register
from uqgen.metrics.metric import scalars
from uqgen.report.run_tables import agreement_table, controls_table, realism_table


@pytest.fixture(scope="module")
def data() -> MoonsDataModule:
    return make_moons()


@pytest.fixture(scope="module")
def evaluator(data) -> Evaluator:
    return make_evaluator(data)


@pytest.fixture
def made_up(registries):
    """A metric as a file of its own would register it: how much the points vary."""
    distance("spread")(lambda sides: float(sides.ours.x.std()))
    key = "realism/spread"
    row = Row("realism", "spread of the points", {"generated": key, "real": f"{key}_floor"}, "{:.5f}")
    shown = {"theme": "realism", "main": True, "section": "Made up", "panel": "Spread of points"}
    register(Metric(key, "spread", "higher", name="spread", rows=[row], **shown))
    return key


def test_one_entry_brings_a_new_metric_into_results_tables_comparison_and_dashboard(made_up, data, evaluator):
    pytest.importorskip("wandb_workspaces")
    from uqgen.loggers.workspace import specification, workspace

    model = Oracle(data.train.x, evaluator.own)
    found = evaluator.measure(model)
    results = results_json.as_results("moons", 0, evaluator, found, 1)
    value, floor = results["realism"]["spread"], results["realism"]["spread_floor"]
    assert value == float(found.generated["data"].x.std())
    assert floor == pytest.approx(float(data.test.x.std()), rel=0.1)  # of as many test points as were generated
    assert floor != value
    assert ["spread of the points", f"{value:.5f}", f"{floor:.5f}"] in realism_table(results).rows
    assert made_up in scalars(results_json.measured(evaluator.measure_in_training(model)))
    comparison = compare_jobs("mine", [Job("a", "a", 0, State.COMPLETE, results=results)])
    assert "| spread ↑ |" in markdown(comparison)
    assert comparison.main_metrics[-1].of(results) == value
    panels = json.dumps(specification(workspace("someone", "mine")))
    for told in (f"val/{made_up}", f"test/{made_up}", "Made up", "Spread of points"):
        assert f'"{told}"' in panels


@pytest.mark.usefixtures("registries")
def test_one_entry_brings_a_new_control_into_results_and_report(data, evaluator):
    key = "controls/doubt"
    control("doubt")(lambda found: float(found.score_of(found.uniform.x, found.uniform.label).std()))
    row = Row("controls", "spread of scores", {"generated": key, "real": 0.5}, "{:.5f}")
    register(Metric(key, "spread of scores", "higher", name="doubt", theme="controls", main=True, rows=[row]))
    found = evaluator.measure(Oracle(data.train.x, evaluator.own))
    results = results_json.as_results("moons", 0, evaluator, found, 1)
    value = results["controls"]["doubt"]
    assert value == pytest.approx(float(found.generated["uniform"].score_out.std()))
    assert ["spread of scores", f"{value:.5f}", "0.50000"] in controls_table(results).rows
    comparison = compare_jobs("mine", [Job("a", "a", 0, State.COMPLETE, results=results)])
    assert "| spread of scores ↑ |" in markdown(comparison)


@pytest.fixture
def kendall(registries):
    """The same of what is requested and achieved: Kendall's rank correlation."""
    per_protocol("kendall")(lambda pairs: float(kendalltau(pairs.requested, pairs.achieved).statistic))
    shown = {"main": True, "section": "Made up", "panel": "Kendall's correlation"}
    for protocol in ("data", "uniform"):
        key = f"kendall/{protocol}"
        row = Row("agreement", "Kendall's correlation", {protocol: key}, "{:.5f}")
        register(Metric(key, f"Kendall ({protocol})", "higher", name=f"{protocol}_kendall", rows=[row], **shown))


@pytest.mark.usefixtures("kendall")
def test_one_entry_brings_a_new_measure_of_achieved_scores_everywhere_under_both_protocols(data, evaluator):
    pytest.importorskip("wandb_workspaces")
    from uqgen.loggers.workspace import specification, workspace

    found = evaluator.measure_in_training(Oracle(data.train.x, evaluator.own))
    results = results_json.as_results("moons", 0, evaluator, found, 1)
    pairs = {name: (made.requested.score, made.score_out) for name, made in found.generated.items()}
    values = {name: kendalltau(*each).statistic for name, each in pairs.items()}
    assert results["kendall"] == values
    assert values["data"] != values["uniform"]
    assert ["Kendall's correlation", *(f"{value:.5f}" for value in values.values())] in agreement_table(results).rows
    told = scalars(results_json.measured(found))
    assert {protocol: told[f"kendall/{protocol}"] for protocol in values} == values
    comparison = compare_jobs("mine", [Job("a", "a", 0, State.COMPLETE, results=results)])
    assert "| Kendall (uniform) ↑ |" in markdown(comparison)
    by_name = {metric.name: metric for metric in comparison.main_metrics}
    assert by_name["uniform_kendall"].of(results) == values["uniform"]
    panels = json.dumps(specification(workspace("someone", "mine")))
    assert all(f'"{split}/kendall/{protocol}"' in panels for split in ("val", "test") for protocol in values)
    del results["kendall"]  # as of a run from before
    assert ["Kendall's correlation", "undefined", "undefined"] in agreement_table(results).rows
    assert np.isnan(by_name["uniform_kendall"].of(results))
