"""What W&B holds is what the run's folder holds, read back from W&B's own offline files."""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlparse

import numpy as np
import pytest
import wandb
from small_runs import FEW

from uqgen.config import compose, plain
from uqgen.files import read_rows
from uqgen.loggers.telling import open_loggers
from uqgen.loggers.wandb import WandbLogger, curve_rows
from uqgen.loggers.wandb_account import has_key
from uqgen.metrics.in_vs_out import in_vs_out
from uqgen.run_folder import RunFolder
from uqgen.settings import ExplainedError, SettingError
from uqgen.train import train

WANDB = Path(sys.executable).parent / "wandb"
HOST = urlparse(wandb.setup().settings.base_url).netloc
CHOICES = ["experiment=moons", "debug=seconds", "trainer=cpu", "logger=wandb", "group=mine", "evaluation.n_judges=1"]


def inspect(run: RunFolder, *options: str) -> str:
    (file,) = (run.path / "wandb").glob("offline-run-*/*.wandb")
    command = [WANDB, "leet", "inspect", "--json", *options, file]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.fixture(scope="module")
def tracked(tmp_path_factory, hurried) -> tuple[RunFolder, dict, list[dict]]:
    """A run, W&B's summary of it, and what W&B holds of every step."""
    folder = tmp_path_factory.mktemp("tracked")
    run = RunFolder(folder / "run")
    train(compose([*CHOICES, f"run={run.path}", f"cache={folder / 'cache'}", *FEW]))
    records = [json.loads(line) for line in inspect(run).splitlines()]
    history = [record["history"]["item"] for record in records if record["type"] == "history"]
    return run, json.loads(inspect(run, "--summary")), history


def test_the_summary_is_what_results_json_says(tracked):
    run, summary, _ = tracked
    results, told = json.loads(run.results.read_text()), summary["summary"]
    for protocol in ("data", "uniform"):
        for name in ("mae", "pearson", "spearman", "bias"):
            assert told[f"test/in_vs_out/{protocol}/{name}"] == results["in_vs_out"][protocol][name]["value"]
        assert told[f"test/class_agreement/{protocol}"] == results["class_agreement"][protocol]["value"]
        for judge, agreement in results["judges"][protocol].items():
            assert told[f"test/judges/{protocol}/{judge}/pearson"] == agreement["pearson"]["value"]
    assert told["test/realism/sliced_wasserstein"] == results["realism"]["sliced_wasserstein"]
    assert told["verdict/text"] == results["verdict"]["text"]
    assert told["n_images"] == results["n_images_trained"]


def test_a_run_is_in_its_group_with_all_settings_and_ends_well(tracked):
    run, summary, _ = tracked
    assert summary["exit_code"] == 0
    assert summary["run_id"] == (run.path / "tracking_id").read_text()
    assert summary["project"] == "uqgen"
    assert summary["config"]["group"] == "mine"
    kept = summary["config"]["model"]["training"]
    assert kept["batch_size"] == run.read_settings()["model"]["training"]["batch_size"]


def test_every_row_of_the_history_is_there_against_the_images(tracked):
    run, _, history = tracked
    rows = {row["n_images"]: row for row in read_rows(run.training / "history.csv")}
    told = {item["_step"]: item for item in history if "train/d_loss" in item}
    assert told.keys() == rows.keys()
    for n_images, item in told.items():
        assert item["n_images"] == n_images
        for name in ("d_loss", "g_loss", "images_per_second", "memory_gib"):
            assert item[f"train/{name}"] == pytest.approx(rows[n_images][name], rel=1e-6)


def test_evaluations_on_the_way_are_there_with_the_tables_behind_their_charts(tracked):
    run, _, history = tracked
    key = "in_vs_out/uniform/mae"
    told = [(item["_step"], item[f"val/{key}"]) for item in history if f"val/{key}" in item]
    assert told == [(row["n_images"], pytest.approx(row[key], rel=1e-6)) for row in read_rows(run.evaluations)]
    assert sum(f"test/{key}" in item for item in history) == 1  # which no evaluation in training adds to
    media = next((run.path / "wandb").glob("offline-run-*/files/media/table/test/charts"))
    for protocol, n in (("data", 200), ("uniform", 200)):
        (table,) = media.glob(f"scatter_{protocol}_table_*")
        content = json.loads(table.read_text())
        assert content["columns"] == ["requested", "achieved"]
        assert len(content["data"]) == n
    results = json.loads(run.results.read_text())["in_vs_out"]["uniform"]["curve"]
    (table,) = media.glob("curve_uniform_table_*")
    means = [row[1] for row in json.loads(table.read_text())["data"] if row[2] == "mean"]
    assert means == pytest.approx([point["mean"]["value"] for point in results if point["n"]])


def test_figures_are_there(tracked):
    run, summary, _ = tracked
    assert {f"figures/{path.stem}" for path in run.figures.glob("*.png")} <= summary["summary"].keys()


def test_a_resumed_run_goes_on_as_the_same_one_and_a_failed_one_says_so(tmp_path):
    settings, run = plain(compose([*CHOICES, f"run={tmp_path}"])), RunFolder(tmp_path)
    for code, n_images in ((1, 160), (0, 320)):
        logger = WandbLogger(tmp_path)
        with suppress(InterruptedError), open_loggers([logger], settings):
            logger.log_metrics({"train/d_loss": 1.0}, n_images)
            if code:
                raise InterruptedError
        files = sorted((tmp_path / "wandb").glob("offline-run-*/*.wandb"), key=lambda path: path.stat().st_mtime)
        command = [WANDB, "leet", "inspect", "--summary", "--json", files[-1]]
        summary = json.loads(subprocess.run(command, capture_output=True, timeout=60, check=True).stdout)
        assert summary["exit_code"] == code
        assert summary["run_id"] == run.tracking_id()
        assert summary["step"] == n_images


def test_a_run_outlives_its_logger_and_says_so_once(tmp_path, caplog):
    logger, logged = WandbLogger(tmp_path), []

    def lost(*args: object, **kwargs: object) -> None:
        logged.append(args)
        raise ConnectionResetError("gone")

    logger._started = SimpleNamespace(log=lost, finish=lost)
    with caplog.at_level("WARNING", "uqgen"):
        logger.log_metrics({"train/d_loss": 1.0}, 1)
        logger.log_metrics({"train/d_loss": 1.0}, 2)
        logger.finish(1)
    assert len(logged) == 3
    assert [record.getMessage()[:20] for record in caplog.records] == ["W&B is lost (gone); "]


def test_the_end_of_a_run_waits_for_a_server_for_a_while(tmp_path, monkeypatch, caplog):
    given = {}

    def finish(exit_code: int) -> None:
        raise TimeoutError

    run = SimpleNamespace(finish=finish, define_metric=lambda *args, **kwargs: None)
    monkeypatch.setattr(wandb, "init", lambda **options: given.update(options) or run)
    logger = WandbLogger(tmp_path)
    assert logger.experiment is run
    settings = given["settings"]
    assert 0 < settings.init_timeout <= 60
    assert 0 < settings.finish_timeout <= 120
    assert settings.finish_timeout_raises
    with caplog.at_level("WARNING", "uqgen"):
        logger.finish(0)
    (record,) = caplog.records
    assert record.getMessage().endswith(f"wandb sync --include-online {tmp_path}/wandb/run-* sends the rest")


def test_nothing_is_written_before_a_run_begins(tmp_path):
    WandbLogger(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_not_reached_is_said_in_one_line(tmp_path, monkeypatch):
    def unreachable(**options: object) -> None:
        raise wandb.errors.CommError("timed out")

    monkeypatch.setattr(wandb, "init", unreachable)
    with pytest.raises(ExplainedError, match=r"^W&B cannot be reached \(timed out\); logger\.wandb\.mode=offline"):
        WandbLogger(tmp_path).log_hyperparams({})


@pytest.mark.parametrize(
    ("name", "value"), [("mode", "never"), ("project", "a/b"), ("project", ""), ("project", "x" * 129)]
)
def test_what_w_and_b_would_not_take_is_refused_at_once(tmp_path, name, value):
    with pytest.raises(SettingError, match=f"^{name}={value}: allowed: "):
        WandbLogger(tmp_path, **{name: value})


def test_a_mode_of_the_environment_that_is_none_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "ofline")
    with pytest.raises(SettingError, match=r"^mode=ofline \(from the variable WANDB_MODE\): allowed: online, offline"):
        WandbLogger(tmp_path)


@pytest.mark.parametrize(("disabled", "mode"), [("true", "disabled"), ("false", "online")])
def test_who_disabled_w_and_b_sends_nothing_although_there_is_a_key(tmp_path, monkeypatch, disabled, mode):
    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    monkeypatch.setenv("WANDB_DISABLED", disabled)
    assert WandbLogger(tmp_path).mode == mode


@pytest.mark.parametrize(
    ("key", "netrc", "known"),
    [
        (None, None, False),
        ("k" * 40, None, True),
        (None, f"machine {HOST} login user password " + "k" * 40, True),
        (None, "machine other.org login user password " + "k" * 40, False),
    ],
)
def test_a_key_is_found_without_asking(tmp_path, monkeypatch, key, netrc, known):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    if key:
        monkeypatch.setenv("WANDB_API_KEY", key)
    if netrc:
        (tmp_path / "netrc").write_text(netrc)
    assert has_key() is known


def test_empty_bins_have_no_point_in_the_curve():
    agreement = in_vs_out([0.1, 0.1], [0.2, 0.4], edges=np.array([0, 0.5, 1]), n_resamples=2)
    assert [(requested, kind) for requested, _, kind in curve_rows(agreement)] == [
        (0.25, "mean"),
        (0.25, "median"),
        (0.25, "identity"),
    ]
