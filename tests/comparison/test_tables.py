import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from uqgen.comparison.tables import AGAIN, column, markdown, runs_csv, terminal_table, variants_csv
from uqgen.comparison.variants import compare_jobs, over_seeds
from uqgen.metrics.metric import compared


@pytest.fixture
def comparison(make_job):
    """Three seeds that are good, two that are bad (and one that failed), one alone, none complete."""
    good = [make_job("condition=good", seed, quality) for seed, quality in enumerate((0.8, 0.85, 0.9))]
    bad = [make_job("condition=bad", seed, quality) for seed, quality in enumerate((0.1, 0.2))]
    failed = make_job("condition=bad", 2, error="OutOfMemoryError: 2,00 GiB | `more`")
    jobs = [*good, *bad, failed, make_job("condition=alone", 0, 0.5), make_job("condition=none", 0)]
    return compare_jobs("sweep-1", jobs)


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def cells(text, variant):
    (line,) = [line for line in text.splitlines() if line.startswith(f"| `{variant}` |")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def number(text):
    return float(text) if text else np.nan


def test_runs_hold_every_job_and_exactly_its_values(comparison):
    rows = read(runs_csv(comparison))
    for job, row in zip(comparison.jobs, rows, strict=True):
        assert (row["variant"], row["seed"], row["state"]) == (job.variant, str(job.seed), job.state)
        assert row["error"] == job.error
        for metric in comparison.metrics:
            np.testing.assert_array_equal(number(row[metric.name]), metric.of(job.results))
    assert list(rows[0])[4:] == [metric.name for metric in comparison.metrics]


def test_variants_hold_exactly_mean_and_interval(comparison):
    rows = iter(read(variants_csv(comparison)))
    for variant in comparison.variants:
        for metric in comparison.metrics:
            row, seeds = next(rows), variant.over_seeds(metric)
            assert (row["variant"], row["metric"], row["n"]) == (variant.name, metric.name, str(seeds.n))
            found = [number(row[name]) for name in ("mean", "low", "high")]
            np.testing.assert_array_equal(found, [seeds.mean, seeds.low, seeds.high])
    assert next(rows, None) is None


def test_cells_say_mean_half_of_the_interval_and_seeds(comparison):
    text = markdown(comparison)
    for variant in comparison.variants[:2]:
        for metric, cell in zip(comparison.main_metrics, cells(text, variant.name), strict=True):
            seeds = variant.over_seeds(metric)
            half = (seeds.high - seeds.low) / 2
            assert cell.strip("*") == f"{seeds.mean:.{metric.digits}f} ± {half:.{metric.digits}f} ({seeds.n})"
    alone, none = cells(text, "condition=alone"), cells(text, "condition=none")
    assert alone[2] == "0.500 (1)"
    assert set(none) == {"–"}  # noqa: RUF001


def test_the_best_of_each_column_is_bold_whichever_way_is_better(comparison):
    text = markdown(comparison)
    bold = {v.name: [cell.startswith("**") for cell in cells(text, v.name)] for v in comparison.variants}
    n_metrics = len(comparison.main_metrics)
    assert bold.pop("condition=good") == n_metrics * [True]
    assert list(bold.values()) == 3 * [n_metrics * [False]]
    header = next(line for line in text.splitlines() if line.startswith("| variant"))
    arrows = [cell.strip()[-1] for cell in header.strip("|").split("|")][1:]
    assert arrows == ["↓" if metric.better == "lower" else "↑" for metric in comparison.main_metrics]


def test_where_there_is_one_variant_none_is_the_best(make_job):
    assert "**" not in markdown(compare_jobs("", [make_job("a", 0, 0.5), make_job("b", 0)]))
    assert "**" in markdown(compare_jobs("", [make_job("a", 0, 0.5), make_job("b", 0, 0.6)]))


def test_lists_what_failed_and_what_is_not_finished(comparison):
    text = markdown(comparison)
    assert text.startswith("# sweep-1\n\n6 of 8 jobs are complete.\n")
    assert "## Failed jobs\n\n- `condition=bad,seed=2`: `OutOfMemoryError: 2,00 GiB | 'more'`\n" in text
    assert "## Unfinished jobs\n\n- `condition=none,seed=0`\n" in text
    assert text.endswith(f"{AGAIN}\n")
    assert "same command runs only what is missing" in AGAIN


def test_a_complete_sweep_lacks_nothing(make_job):
    text = markdown(compare_jobs("", [make_job("a", 0, 0.5)]))
    assert "jobs\n" not in text
    assert AGAIN not in text
    assert "(metrics.png)" in text


def test_without_any_results_there_is_no_table_and_no_figure(make_job):
    comparison = compare_jobs("x", [make_job("a", 0), make_job("a", 1, error="no")])
    assert markdown(comparison) == (
        "# x\n\n0 of 2 jobs are complete.\n\n## Failed jobs\n\n- `a,seed=1`: `no`\n\n## Unfinished jobs\n\n"
        f"- `a,seed=0`\n\n## To complete the sweep\n\n{AGAIN}\n"
    )
    assert [row["state"] for row in read(runs_csv(comparison))] == ["unfinished", "failed"]
    assert read(variants_csv(comparison)) == []


def test_a_name_does_not_break_the_table(make_job):
    job = replace(make_job("a", 0, 0.5), variant="a=x|y`z")
    assert r"| `a=x\|y'z` | " in markdown(compare_jobs("", [job]))


def test_the_terminal_shows_all_letters_in_80_columns(make_job):
    name = "condition=fourier,model.training.consistency_weight=0.125,score=true_class"
    comparison = compare_jobs("", [make_job(name, seed, 0.5 + seed / 10) for seed in (0, 1)])
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(terminal_table(comparison))
    text = console.export_text()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert "".join(line.partition(" ")[0] for line in text.splitlines()[-6:]).endswith(name)
    written = "".join(text.split())
    for metric, cell in zip(comparison.main_metrics, cells(markdown(comparison), name), strict=True):
        mean, _, half, n = cell.split()
        assert {f"{mean}±", f"{half}{n}"} <= {*text.replace(" ±", "±").replace(f"{half} {n}", f"{half}{n}").split()}
        assert metric.title.split()[0] in written


@pytest.mark.parametrize(
    ("mean", "text"), [(0.123456, "0.1235 (1)"), (1.2345, "1.23 (1)"), (12.345, "12.3 (1)"), (-12.345, "-12.3 (1)")]
)
def test_large_numbers_have_fewer_decimals(mean, text):
    (metric,) = (metric for metric in compared() if metric.name == "distance_by_score")
    (cell,) = column(metric, [over_seeds([mean])]).cells
    assert cell.text == text
