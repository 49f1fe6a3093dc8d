import re

import pytest

from uqgen.comparison.document import document
from uqgen.comparison.variants import compare_jobs


@pytest.fixture
def page(make_job):
    jobs = [make_job("variant=paper", seed, 0.5, validation=(0.2, 0.6, 0.9)) for seed in (0, 1)]
    jobs += [make_job("variant=softmax", seed, 0.9, validation=(0.1, 0.7, 0.9)) for seed in (0, 1)]
    jobs += [make_job("variant=rank", 0, error="no memory left"), make_job("variant=none", 0)]
    return document([compare_jobs("mnist_corrupt", jobs)])


def table(page: str, title: str) -> list[list[str]]:
    lines = page.partition(f"### {title}\n")[2].splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return [rows[0], *rows[2:]]


def test_the_choice_is_by_validation_and_named(page):
    assert "no other one has both a lower error and more coverage, is: `variant=softmax`." in page
    assert "**`variant=softmax`** is chosen" in page
    header, paper, softmax = table(page, "Chosen on validation")
    at = header.index("MAE (uniform) ↓")
    assert [paper[at], softmax[at]] == ["0.200 ± 0.000 (2)", "**0.100 ± 0.000 (2)**"]


@pytest.mark.parametrize("title", ["In vs. out", "Controls against cheating", "Realism"])
def test_every_variant_stands_in_every_table_complete_or_not(page, title):
    _, *rows = table(page, title)
    assert [row[0] for row in rows] == ["`variant=paper`", "`variant=softmax`", "`variant=rank`", "`variant=none`"]
    assert re.fullmatch(r"\*?\*?[\d.]+ ± [\d.]+ \(2\)\*?\*?", rows[0][1])
    assert set(rows[2][1:]) == {"–"}  # noqa: RUF001


def test_distances_are_divided_by_the_papers_of_the_same_seed(page):
    header, paper, softmax, *_ = table(page, "Realism")
    at = header.index("FID / paper's ↓")
    assert paper[at] == "1.00 ± 0.00 (2)"
    assert softmax[at].strip("*") == f"{(100 - 0.9) / (100 - 0.5):.2f} ± 0.00 (2)"


def test_failures_and_what_the_data_allow_are_told(page):
    assert "- `variant=rank,seed=0`: `no memory left`" in page
    assert table(page, "What the data allow") == [["class", "0.00", "0.50"], ["0", "3", "1"], ["1", "0", "1,200"]]
    for kind in ("front", "metrics", "curves"):
        assert f"![{kind}](results/mnist_corrupt-{kind}.png)" in page


def test_a_sweep_without_results_or_without_the_paper_is_told_too(make_job):
    assert "0 of 1 jobs are complete" in document([compare_jobs("moons", [make_job("variant=paper", 0)])])
    page = document([compare_jobs("moons", [make_job("variant=rank", 0, 0.5)])])
    assert "is: empty.\n**None** is chosen" in page  # nothing is known of its validation
    assert "paper's" not in page


def test_some_seeds_choose_and_the_others_are_told(make_job):
    lucky, other = (0.05, 0.9, 0.9), (0.3, 0.4, 0.9)
    by = [make_job("variant=paper", 7, 0.5, validation=other), make_job("variant=softmax", 7, 0.7, validation=lucky)]
    told = [make_job("variant=paper", 0, 0.5, validation=lucky), make_job("variant=softmax", 0, 0.6, validation=other)]
    page = document([compare_jobs("mine", told)], [compare_jobs("mine", by)])
    assert "**`variant=softmax`** is chosen" in page
    assert "Seeds that chose it: 7." in page
    alone = document([compare_jobs("mine", told)])
    assert "**`variant=paper`** is chosen" in alone
    assert (
        table(page, "In vs. out")
        == table(alone, "In vs. out")
        != table(document([compare_jobs("mine", by)]), "In vs. out")
    )
