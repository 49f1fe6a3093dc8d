"""A tiny run looked at as a user does it."""

import shutil

import pytest

from uqgen.config import compose
from uqgen.look import main
from uqgen.settings import SettingError


@pytest.fixture(scope="module")
def run(tiny_run, tmp_path_factory):
    return shutil.copytree(tiny_run, tmp_path_factory.mktemp("looked") / "run")


def test_each_number_split_and_seed_leaves_a_page_of_its_own(run, capsys):
    assert main(compose([f"run={run}", "n=20"], "look")) == 40
    assert capsys.readouterr().out.splitlines()[-1] == f"look: {run / 'look-test-20-0.html'}"
    first = (run / "look-test-20-0.html").read_bytes()
    main(compose([f"run={run}", "n=20", "seed=1", "split=validation"], "look"))
    assert (run / "look-test-20-0.html").read_bytes() == first
    assert b"validation split" in (run / "look-validation-20-1.html").read_bytes()
    main(compose([f"run={run}", "n=22"], "look"))
    main(compose([f"run={run}", "n=20"], "look"))
    assert (run / "look-test-20-0.html").read_bytes() == first


def test_more_images_than_there_are_cannot_be_drawn(run):
    with pytest.raises(SettingError, match=r"^n=100000: allowed: less: there are \d+ images of class \d"):
        main(compose([f"run={run}", "n=100000"], "look"))


def test_a_split_that_there_is_not_is_refused_by_the_name_that_was_given(run):
    with pytest.raises(SettingError, match=r"^split=train: allowed: test, validation$"):
        main(compose([f"run={run}", "split=train"], "look"))


def test_points_are_refused(moons_run):
    with pytest.raises(SettingError, match=r"^run=.*: allowed: a run of images"):
        main(compose([f"run={moons_run}"], "look"))
