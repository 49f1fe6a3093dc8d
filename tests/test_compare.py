"""Sweeps made up on disk, compared as a user does."""

import csv
import json
import subprocess
import sys

import pytest
from scipy import stats

from uqgen.compare import compare
from uqgen.config import compose
from uqgen.report.comparison_report import compare_sweep
from uqgen.settings import SettingError

pytestmark = pytest.mark.usefixtures("log_no_further")

MAE = {"condition=paper": (0.2, 0.22, 0.25), "condition=fourier": (0.1, 0.14)}


def value(number):
    return {"value": number, "low": number, "high": number}


def results(mae):
    curve = [{"low": i / 4, "high": (i + 1) / 4, "n": 25, "mean": value(0.4 + i / 10)} for i in range(4)]
    agreement = {"mae": value(mae), "pearson": value(1 - mae), "spearman": value(1 - mae), "curve": curve}
    protocols = ("data", "uniform")
    return {
        "score": "msp",
        "n_images_evaluated": 100,
        "evaluation_seed": 0,
        "in_vs_out": dict.fromkeys(protocols, agreement),
        "class_agreement": dict.fromkeys(protocols, value(0.9)),
        "judges": {name: {"judge 1": agreement} for name in protocols},
        "realism": {"images": {"fid": 100 * mae, "kid": None}, "sliced_wasserstein": None},
    }


def leave(sweep, name, **files):
    folder = sweep / name
    folder.mkdir(parents=True)
    for file, content in files.items():
        (folder / f"{file}.json").write_text(json.dumps(content))


@pytest.fixture
def sweep(tmp_path):
    """Five complete jobs of two variants, one that failed and one that is not finished."""
    folder = tmp_path / "moons-1d328316"
    for variant, values in MAE.items():
        for seed, mae in enumerate(values):
            leave(folder, f"{variant},seed={seed}", config={"name": "moons", "seed": seed}, results=results(mae))
    leave(folder, "condition=fourier,seed=2", error={"message": "no memory left", "traceback": "..."})
    leave(folder, "condition=bins,seed=0", config={"name": "moons", "seed": 0})
    return folder


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def run(*arguments, cwd):
    command = [sys.executable, "-m", "uqgen.compare", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)


def test_leaves_tables_and_figures_beside_the_runs(sweep):
    compare_sweep(sweep)
    files = {path.name for path in (sweep / "comparison").iterdir()}
    assert files == {"runs.csv", "variants.csv", "comparison.md", "metrics.png", "curves.png", "compare.log"}
    jobs = {(row["variant"], row["seed"]): row for row in read(sweep / "comparison" / "runs.csv")}
    assert len(jobs) == 7
    for variant, values in MAE.items():
        assert tuple(float(jobs[variant, str(seed)]["uniform_mae"]) for seed in range(len(values))) == values
    assert jobs["condition=fourier", "2"]["error"] == "no memory left"
    variants = read(sweep / "comparison" / "variants.csv")
    found = {row["variant"]: row for row in variants if row["metric"] == "uniform_mae"}
    low, high = stats.t.interval(0.95, 2, loc=sum(MAE["condition=paper"]) / 3, scale=stats.sem(MAE["condition=paper"]))
    assert float(found["condition=paper"]["low"]) == pytest.approx(low)
    assert float(found["condition=paper"]["high"]) == pytest.approx(high)
    assert "kid" not in {row["metric"] for row in variants}


def test_says_what_came_out_and_where_it_is(sweep, capsys):
    compare_sweep(sweep)
    said = capsys.readouterr().out
    for word in ("5 of 7 jobs are complete", "condition=paper", "0.120 ±", "no memory left", "only what is missing"):
        assert word in said
    assert str(sweep / "comparison" / "comparison.md") in "".join(said.split())


def test_returns_how_many_jobs_are_missing(sweep):
    assert compare(compose([f"sweep={sweep}"], "compare")) == 2
    assert compare_sweep(sweep).n_complete == 5


def test_compares_again_as_the_sweep_goes_on(sweep):
    compare_sweep(sweep)
    (sweep / "condition=bins,seed=0" / "results.json").write_text(json.dumps(results(0.05)))
    compare_sweep(sweep)
    assert len(read(sweep / "comparison" / "runs.csv")) == 7
    assert "**0.050 (1)**" in (sweep / "comparison" / "comparison.md").read_text()


def test_without_any_results_there_are_no_figures(sweep, capsys):
    compare_sweep(sweep)
    for path in sweep.glob("*/results.json"):
        path.unlink()
    comparison = compare_sweep(sweep)
    assert comparison.n_complete == 0
    assert not list((sweep / "comparison").glob("*.png"))
    assert "nothing to compare yet" in capsys.readouterr().out
    assert "no memory left" in (sweep / "comparison" / "comparison.md").read_text()


def test_refuses_a_folder_without_runs(tmp_path):
    with pytest.raises(SettingError, match=r"^sweep=.*: allowed: the folder of a sweep"):
        compare_sweep(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_command_line_compares(sweep, tmp_path):
    done = run(f"sweep={sweep.name}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "5 of 7 jobs are complete" in done.stdout
    assert (sweep / "comparison" / "metrics.png").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [sweep.name]
