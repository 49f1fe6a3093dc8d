"""Each test asks the real Hydra, so that a Hydra with other names or words is noticed here."""

import sys

import hydra
import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException, InstantiationException

from uqgen.config.hydra_private import (
    CommandLine,
    MissingChoice,
    NotMade,
    chosen_twice,
    command_line,
    initialized,
    is_sweep_function,
    missing_choice,
    not_made,
    parse,
    quoted,
    swept_values,
    unknown_setting,
    value_of,
)


@pytest.fixture
def conf(tmp_path):
    """Settings with a group of two choices."""
    (tmp_path / "conf" / "colour").mkdir(parents=True)
    (tmp_path / "conf" / "main.yaml").write_text("defaults:\n  - _self_\n  - colour: red\nsize:\n  height: 1\n")
    for name in ("red", "blue"):
        (tmp_path / "conf" / "colour" / f"{name}.yaml").write_text(f"name: {name}\n")
    return tmp_path / "conf"


def error_of(conf, *overrides):
    with initialized(conf), pytest.raises(HydraException) as raised:
        hydra.compose("main", list(overrides))
    return raised.value


def test_a_choice_that_there_is_not(conf):
    error = error_of(conf, "colour=green")
    assert missing_choice(error) == MissingChoice("colour", "green", ("blue", "red"))
    assert (unknown_setting(error), chosen_twice(error)) == (None, None)


@pytest.mark.parametrize("key", ["depth", "size.depth", "size.height.depth", "colour/shade"])
def test_a_setting_or_a_group_that_there_is_not(conf, key):
    error = error_of(conf, f"{key}=1")
    assert unknown_setting(error) == key
    assert (missing_choice(error), chosen_twice(error)) == (None, None)


def test_a_choice_that_is_added_though_it_is_there(conf):
    error = error_of(conf, "+colour=blue")
    assert chosen_twice(error) == "colour"
    assert (missing_choice(error), unknown_setting(error)) == (None, None)


def test_a_choice_that_is_added_though_settings_choose_it_in_place_of_another(conf):
    (conf / "colour" / "shade").mkdir()
    for shade in ("pale", "deep"):
        (conf / "colour" / "shade" / f"{shade}.yaml").write_text("by: 1\n")
    (conf / "colour" / "red.yaml").write_text("defaults:\n  - _self_\n  - shade: null\n")
    (conf / "colour" / "blue.yaml").write_text("defaults:\n  - red\n  - override shade: pale\n")
    assert chosen_twice(error_of(conf, "colour=blue", "+colour/shade=deep")) == "colour/shade"


def not_made_of(settings):
    with pytest.raises(InstantiationException) as raised:
        hydra.utils.instantiate(settings, _convert_="all")
    return not_made(raised.value)


def test_what_cannot_be_made():
    nowhere = not_made_of({"_target_": "nowhere.at_all"})
    assert (nowhere.key, nowhere.unknown) == ("", "nowhere.at_all")
    within = not_made_of({"_target_": "builtins.dict", "part": {"_target_": "collections.Nothing"}})
    assert (within.key, within.unknown) == ("part", "collections.Nothing")
    assert not_made_of({"_target_": "fractions.Fraction", "nothing": 1}) == NotMade("", None, "fractions.Fraction")
    inner = {"_target_": "fractions.Fraction", "_args_": [1, 0]}
    assert not_made_of({"_target_": "builtins.dict", "part": inner}) == NotMade("part", None, "fractions.Fraction")
    partial = {"_target_": "builtins.dict", "part": {"_target_": "nowhere.at_all", "_partial_": True}}
    assert not_made_of(partial).unknown == "nowhere.at_all"


def test_the_command_line_is_read_as_hydra_reads_it(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["program", "-m", "--config-dir=mine", "a=1,2", "+b=x"])
    assert command_line() == CommandLine(["a=1,2", "+b=x"], True, "mine")
    monkeypatch.setattr(sys, "argv", ["program"])
    assert command_line() == CommandLine([], False, None)


def test_ones_own_folder_adds_choices_and_replaces_none(conf, tmp_path):
    (tmp_path / "mine" / "colour").mkdir(parents=True)
    for name in ("green", "red"):
        (tmp_path / "mine" / "colour" / f"{name}.yaml").write_text(f"name: my {name}\n")
    with initialized(conf, str(tmp_path / "mine")):
        assert hydra.compose("main", ["colour=green"]).colour.name == "my green"
        assert hydra.compose("main", ["colour=blue"]).colour.name == "blue"
        assert hydra.compose("main").colour.name == "red"
        (override,) = parse(["colour=glob(*)"])
        assert set(override.sweep_string_iterator()) == {"red", "blue", "green"}
    assert not GlobalHydra.instance().is_initialized()


def test_values_are_what_hydra_takes_them_for():
    assert [value_of(text) for text in ("1", "x/y", "true", "[a,1]", "'1'")] == [1, "x/y", True, ["a", 1], "1"]
    assert [value_of(text) for text in ("a,b", "range(3)", "a=b", "(", "null")] == [None] * 5
    assert swept_values("a,'b, c',1") == ["a", "b, c", 1]
    assert [swept_values(text) for text in ("a", "a b (1),c", "range(3)", "choice(a,b)")] == [None] * 4
    assert [is_sweep_function(text) for text in ("range(3)", "choice(a,b)", "glob(*)")] == [True] * 3
    assert [is_sweep_function(text) for text in ("a,b", "images (1)", "a")] == [False] * 3


@pytest.mark.parametrize("text", ["a,b=c", "it's", "back\\slash\\", "\\'", "[x] (1) {y} é", ""])
def test_a_quoted_text_is_that_text(text):
    assert value_of(quoted(text)) == text
