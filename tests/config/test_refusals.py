"""What Hydra itself raises is explained in one line."""

import pytest
from hydra.errors import HydraException

from uqgen.config import compose
from uqgen.config.composition import command_folder
from uqgen.config.hydra_private import CommandLine
from uqgen.config.refusals import explain, refuse_unnamed_choices
from uqgen.settings import SettingError


def refusal(*overrides: str, own: str | None = None) -> str:
    with pytest.raises(HydraException) as raised:
        compose(list(overrides), own=own)
    return explain(raised.value, "train", CommandLine(list(overrides), False, own))


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("cache=cache", "cache=cache: allowed: with a --config-dir in which no folder is called cache, not "),
        ("data.foldr=a", "data.foldr=a: allowed: folder, size, channels, class_names, "),
        (
            "evaluation.reachable.msp=[0.5,1]",
            "evaluation.reachable.msp=[0.5,1]: allowed: with a plus, since nothing is ",
        ),
    ],
)
def test_a_mistake_in_an_experiment_of_ones_own_is_explained(override, line, tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "cache").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("# @package _global_\ndefaults:\n  - override /data: folder\n")
    assert refusal("experiment=mine", override, own=str(tmp_path)).startswith(line)


REFUSED = [
    (
        ["experiment=moons", "data/corruption=gaussian"],
        "data/corruption=gaussian: allowed: where the data that is chosen",
    ),
    (["+data/corruption=gaussian"], "+data/corruption=gaussian: allowed: without the plus, since it is chosen already"),
    (["classifier@judge=cn"], "classifier=cn: allowed: cnn, cnn_deep, "),
    (["model.pull.weight=1"], "model.pull.weight=1: allowed: model.guidance_gradient.weight, its new name"),
    (["evaluation.n_correction=9"], "evaluation.n_correction=9: allowed: evaluation.n_recalibration, its new name"),
    (["gan.training.n_images=9"], "gan.training.n_images=9: allowed: model.training.n_images, its new name"),
    (["gan=mlp"], "gan=mlp: allowed: model, its new name"),
    (["enforcement=siblings"], "enforcement=siblings: allowed: surrogates, its new name"),
    (["variant=siblings"], "variant=siblings: allowed: surrogates, its new name"),
    (["variant=flw"], "variant=flw: allowed: auxiliary, balanced, "),
    (["debug=second"], "debug=second: allowed: seconds"),
    (["sweep=laptops"], "sweep=laptops: allowed: laptop, variants"),
    (["logger.mode=offline"], "logger.mode=offline: allowed: logger.wandb.mode"),
    (["classifier.seed=1"], "classifier.seed=1: allowed: classifier.training.seed"),
    (
        ["data=dataset", "data.train._target_=torchvision.datasets.CIFAR10", "data.train.root=data"],
        "data.train._target_=torchvision.datasets.CIFAR10: allowed: with a plus, since nothing is said there yet: "
        "+data.train._target_=torchvision.datasets.CIFAR10",
    ),
    (
        ["data=dataset", "data.train.transform.size=8"],
        "data.train.transform.size=8: allowed: with a plus, since",
    ),
    (["data=dataset", "data.test.root=data"], "data.test.root=data: allowed: with a plus, since nothing is said "),
    (
        ["classifier=own", "classifier.network._target_=mine.Net", "classifier.network.n_classes=3"],
        "classifier.network.n_classes=3: allowed: with a plus, since nothing is said there yet: +classifier.network.n_",
    ),
    (
        ["data=dataset", "data.corruption.share=1"],
        "data.corruption.share=1: allowed: once there is a choice, data/corruption=gaussian or imagenet_c",
    ),
    (["data.seed.more=1"], "data.seed.more=1: allowed: settings that --help shows"),
    (["sed=1", "sampler.nothing=1"], "sed=1: allowed: settings that --help shows"),
]


@pytest.mark.parametrize(("overrides", "line"), REFUSED, ids=[" ".join(overrides) for overrides, _ in REFUSED])
def test_a_choice_or_a_setting_that_there_is_not_is_explained(overrides, line):
    explained = refusal(*overrides)
    assert explained.startswith(line)
    assert "\n" not in explained


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("debug=true", r"^debug=true: allowed: seconds"),
        ("guidance=0", r"^guidance=0: allowed: mixture, none"),
        ("classifier@judge=null", r"^classifier@judge=null: allowed: cnn, "),
        ("experiment=", r"^experiment=: allowed: digits, "),
        (
            "score=[msp,entropy]",
            r"^score=\[msp,entropy\]: allowed: one of conformal, .*; several are for sweeps",
        ),
        ("~experiment", r"^experiment=nothing: allowed: digits, "),
        ("logger=[csv,null]", r"^logger=\[csv,null\]: allowed: csv, tensorboard, wandb, \[\] for none"),
    ],
)
def test_a_choice_without_a_name_is_refused(override, line):
    with pytest.raises(SettingError, match=line):
        refuse_unnamed_choices(CommandLine([override], False, None), command_folder("train"))


def test_all_other_choices_and_settings_are_left_to_hydra():
    some = [
        "logger=[]",
        "logger=[csv,wandb]",
        "variant=paper,flow",
        "~logger",
        "seed=1",
        "model.training.one_pass=true",
    ]
    refuse_unnamed_choices(CommandLine(some, True, None), command_folder("train"))
