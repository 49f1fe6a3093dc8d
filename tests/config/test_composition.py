from pathlib import Path

from uqgen.config import CONF, compose, plain


def test_the_configuration_lies_beside_the_package_or_in_it():
    assert Path(CONF, "train.yaml").is_file()


def test_settings_that_are_text_stay_text_though_yaml_takes_them_for_something_else(tmp_path):
    (tmp_path / "experiment").mkdir()
    mine = "# @package _global_\ndefaults:\n  - override /data: folder\n"
    values = "name: 2024\ncache: 1\ngroup: 7.5\ndata:\n  folder: 5\n  class_names: [yes, no, 3, été]\n"
    (tmp_path / "experiment" / "mine.yaml").write_text(mine + values)
    settings = plain(compose(["experiment=mine", "run=1", "seed=3"], own=str(tmp_path)))
    found = [settings[name] for name in ("name", "cache", "group", "run", "seed")]
    assert found == ["2024", "1", "7.5", "1", 3]
    assert settings["data"]["folder"] == "5"
    assert settings["data"]["class_names"] == ["yes", "no", "3", "été"]
    assert plain(compose([]))["group"] is None


def test_paths_are_composed_as_they_are_typed():
    path = "sweeps/x (1)/été [2]/seed=0,variant=paper"
    assert plain(compose([f"run={path}"], "evaluate"))["run"] == path
    names = plain(compose(["data=folder", "data.folder=images (1)", "data.class_names=[0,1,a (2)]"]))["data"]
    assert (names["folder"], names["class_names"]) == ("images (1)", ["0", "1", "a (2)"])
    given = plain(compose(["run=r", "image=17", "between=[0,cat (1).png]"], "explain"))
    assert (given["image"], given["between"]) == (17, [0, "cat (1).png"])
