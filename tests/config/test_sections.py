"""What stands beside the sections that a command reads."""

import pytest
from omegaconf import OmegaConf

from uqgen.config import compose
from uqgen.config.composition import command_file
from uqgen.config.sections import refuse_misplaced
from uqgen.settings import SettingError

COMMANDS = ["train", "evaluate", "explain", "planted", "app", "look", "results", "compare", "dashboard"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_a_section_that_it_does_not_read(command):
    with pytest.raises(SettingError, match=r"^nothing=1: allowed: .*\w, \w|^nothing=1: allowed: sweep$"):
        compose(["+nothing=1"], command)


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("+clasifier.network.hidden=3", "clasifier=...: allowed: classifier"),
        ("+n_images=3", "n_images=3: allowed: evaluation.n_images, model.training.n_images"),
        ("+gan.training.n_images=3", "gan=...: allowed: model, its new name"),
        ("+experiment.name=mine", "experiment=...: allowed: settings in a file that begins with # @package _global_"),
        ("~score", "score=nothing: allowed: a value or a choice; only callbacks and logger can be taken away"),
        ("judge=cnn", "judge=cnn: allowed: a choice: classifier@judge=NAME"),
        ("intervals=null", "intervals=None: allowed: settings: log_every, "),
        ("run=null", "run=None: allowed: text"),
        ("cache=null", "cache=None: allowed: text"),
    ],
)
def test_a_section_that_there_is_not_or_that_is_none_is_refused(override, line):
    with pytest.raises(SettingError) as refusal:
        compose([override])
    assert str(refusal.value).startswith(line)


@pytest.mark.parametrize("override", ["~callbacks", "~logger", "variant=paper", "debug=seconds", "group=mine"])
def test_what_need_not_be_there_need_not(override):
    compose([override])


def test_in_an_experiment_of_ones_own_it_is_refused_too(tmp_path):
    (tmp_path / "experiment").mkdir()
    mine = tmp_path / "experiment" / "mine.yaml"
    mine.write_text("name: mine\n")
    with pytest.raises(SettingError, match=r"begins with # @package _global_$"):
        compose(["experiment=mine"], own=str(tmp_path))
    mine.write_text("# @package _global_\nname: mine\njugde: {}\n")
    with pytest.raises(SettingError, match=r"^jugde=...: allowed: judge$"):
        compose(["experiment=mine"], own=str(tmp_path))


@pytest.mark.parametrize(
    ("command", "override", "line"),
    [
        ("evaluate", "+evaluation.n_imags=3", "evaluation.n_imags=3: allowed: n_images"),
        ("explain", "+explanation.n_noise=3", "explanation.n_noise=3: allowed: n_noises"),
        ("planted", "+planted.seed=3", "planted.seed=3: allowed: seeds"),
    ],
)
def test_settings_below_a_section_of_another_command_are_known_too(command, override, line):
    with pytest.raises(SettingError) as refusal:
        compose([override], command)
    assert str(refusal.value).startswith(line)


def test_settings_of_another_command_are_refused():
    with pytest.raises(SettingError, match=r"^sweep=x"):
        refuse_misplaced(OmegaConf.create({"sweep": "x"}), command_file("train"))
