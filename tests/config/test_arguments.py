"""Settings of the wrong kind, which ended in tracebacks where something was made of them."""

import pytest
from composed import composed

from uqgen.config import build, plain
from uqgen.config.arguments import check_arguments
from uqgen.config.refusals import in_one_line, make_under
from uqgen.settings import SettingError

CNN = {"_target_": "uqgen.classifiers.cnn.CNN", "_partial_": True}


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["model.generator.channels=5"], "model.generator.channels=5: allowed: a list or null"),
        (["model.training=null"], "model.training=None: allowed: settings with a _target_"),
        (["model.guidance_gradient=3"], "model.guidance_gradient=3: allowed: settings below it"),
        (["enforcement.weight=null"], "enforcement.weight=None: allowed: one value"),
        (["enforcement.n_surrogates=a"], "enforcement.n_surrogates=a: allowed: an integer of at least 0"),
        (["classifier.network=text"], "classifier.network=text: allowed: settings with a _target_"),
        (["classifier.network.channels=16"], "classifier.network.channels=16: allowed: a list"),
        (["classifier.network.dropout=a"], "classifier.network.dropout=a: allowed: a number from 0 to 1"),
        (["+model.generator.widths=[1]"], "model.generator.widths=[1]: allowed: shape, part_dims, channels, "),
        (["+condition.standardize=true"], "condition.standardize=True: allowed: n_classes, real"),
        (["+intervals.log=3"], "intervals.log=3: allowed: log_every"),
        (["evaluation.reachable.msp=[a,b]"], "evaluation.reachable.msp=['a', 'b']: allowed: [lowest, highest]"),
        (["experiment=digits", "+data.train.n=3"], "data.train.n=3: allowed: no settings"),
        (["experiment=digits", "data.size=8.0"], "data.size=8.0: allowed: 8, 10, "),
        (["seed=4294967296"], "data.seed=4294967296: allowed: an integer from 0 to 2147483647"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else None,
)
def test_values_of_another_kind_and_unknown_arguments_are_refused_by_name(overrides, line):
    with pytest.raises(SettingError) as refusal:
        build(plain(composed(overrides)))
    assert str(refusal.value).startswith(line)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("target", ["torchvision.models.resnet18", "uqgen.nothing", 7, None])
def test_of_what_is_not_ours_nothing_is_said(target):
    check_arguments({"_target_": target, "anything": [{"_target_": target, "n": None}]}, "classifier")


def test_parts_of_parts_are_checked_too():
    check_arguments({"_target_": "others.Ensemble", "members": [{**CNN, "hidden": "a number, perhaps"}]}, "classifier")
    with pytest.raises(SettingError, match=r"^classifier\.members\.0\.hiden=3: allowed: hidden$"):
        check_arguments({"_target_": "others.Ensemble", "members": [{**CNN, "hiden": 3}]}, "classifier")


@pytest.mark.parametrize("raised", [TypeError("an int has no\nlength"), ValueError("out of bounds")])
def test_what_python_raises_names_the_section_and_keeps_its_cause(raised):
    def make():
        raise raised

    with pytest.raises(SettingError, match=r"^sampler=\.\.\.: allowed: arguments that it takes \(.*\)$") as refusal:
        make_under("sampler", make)
    assert refusal.value.__cause__ is raised
    with pytest.raises(KeyError), in_one_line("sampler"):
        raise KeyError
