"""The page of several sweeps, made up on disk."""

import json

import pytest

from uqgen.config import compose
from uqgen.results import write_results
from uqgen.settings import SettingError


@pytest.fixture
def ask(tmp_path):
    """A function that writes the page of sweeps in which nothing is complete yet."""
    for sweep in ("moons", "mnist", "old/moons"):
        (tmp_path / sweep / "seed=0").mkdir(parents=True)
        (tmp_path / sweep / "seed=0" / "config.json").write_text(json.dumps({"name": "moons", "seed": 0}))

    def write(*sweeps: str, **more: object) -> float:
        listed = ",".join(str(tmp_path / sweep) for sweep in sweeps)
        requested = [f"{name}={value}" for name, value in {"page": tmp_path / "page.md", **more}.items()]
        return write_results(compose([f"sweeps=[{listed}]", *requested], "results"))

    return write


def test_a_page_replaces_that_of_the_same_sweeps_alone(ask, tmp_path):
    for _ in range(2):
        assert ask("moons") == 1
    first = (tmp_path / "page.md").read_text()
    with pytest.raises(SettingError, match=r"^page=.*page.md: allowed: a new one"):
        ask("mnist")
    assert (tmp_path / "page.md").read_text() == first
    ask("mnist", replace="true")
    assert "## mnist" in (tmp_path / "page.md").read_text()


def test_a_file_that_is_no_such_page_is_kept(ask, tmp_path):
    (tmp_path / "page.md").write_text("a letter")
    with pytest.raises(SettingError, match=r"^page="):
        ask("moons")
    assert (tmp_path / "page.md").read_text() == "a letter"


def test_sweeps_whose_figures_would_have_one_name_are_refused(ask):
    with pytest.raises(SettingError, match=r"^sweeps=.*: allowed: folders with names that differ"):
        ask("moons", "old/moons")


def test_seeds_that_choose_leave_some_to_be_reported(ask, tmp_path):
    for seeds in ("[0]", "[7]"):
        with pytest.raises(
            SettingError, match=r"^choose_by=.*: allowed: some of the seeds \[0\], of which others are reported"
        ):
            ask("moons", choose_by=seeds)
    (tmp_path / "moons" / "seed=7").mkdir()
    (tmp_path / "moons" / "seed=7" / "config.json").write_text(json.dumps({"name": "moons", "seed": 7}))
    assert ask("moons", choose_by="[7]") == 1


def test_the_page_says_which_seeds_chose_and_is_not_replaced_by_one_of_others(ask, tmp_path):
    for seed in (7, 8):
        (tmp_path / "moons" / f"seed={seed}").mkdir()
        (tmp_path / "moons" / f"seed={seed}" / "config.json").write_text(json.dumps({"name": "moons", "seed": seed}))
    for _ in range(2):
        ask("moons", choose_by="[7,8]")
    assert (tmp_path / "page.md").read_text().endswith("/moons]' 'choose_by=[7,8]' -->\n")
    for seeds in ("[7]", "[]"):
        with pytest.raises(SettingError, match=r"^page="):
            ask("moons", choose_by=seeds)
