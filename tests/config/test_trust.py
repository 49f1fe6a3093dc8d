"""Runs from elsewhere, whose settings name code."""

import json

import pytest

import uqgen
from uqgen.config import compose, plain, refuse_foreign_code, remember_code
from uqgen.run_folder import RunFolder
from uqgen.settings import SettingError

KNOWN = [
    "uqgen.classifiers.cnn.CNN",
    "uqgen.classifiers.efficientnet_lite0.efficientnet_lite0",
    "uqgen.data.digits.digits",
    "uqgen.data.fashion_mnist.FashionMNISTDataModule",
    "uqgen.scores.get_score",
    "torchvision.models.resnet18",
    "torchvision.datasets.CIFAR10",
    "torchvision.transforms.Compose",
    "torchvision.transforms.v2.Resize",
    "torch.nn.Linear",
    "lightning.Trainer",
    "uqgen.nothing.of.this.version",
]
FOREIGN = [
    "os.system",
    "torch.os.system",
    "torch.hub.load",
    "torch.load",
    "torch.jit.load",
    "torch.utils.collect_env.run",
    "torchvision.models._api.sys.exit",
    "uqgen.distributed.launch",
    "uqgen.config.compose",
    "uqgen.data.mnist_files.unpack",  # which writes files
    "uqgen.app.os.system",
    "uqgen.loggers.history.HistoryLogger",
    "uqgen.classifiers.own.TorchScriptClassifier",
    "uqgen.classifiers.own.ExportedClassifier",
    "lightning.pytorch.callbacks.ModelCheckpoint",
    "hydra.utils.get_method",
    "hydra.utils.instantiate",
    "builtins.exec",
    "timm.create_model",
    "mine.Network",
    "${oc.env:X}",
    "uqgen",
    7,
]


@pytest.fixture(scope="module")
def moons():
    return plain(compose(["experiment=moons"]))


@pytest.fixture
def run(tmp_path, monkeypatch, moons):
    """A function of the settings of a run's classifier to the run."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def made(**classifier: object) -> RunFolder:
        settings = moons | {"run": str(tmp_path), "classifier": classifier}
        run = RunFolder(tmp_path / "run")
        run.write(run.settings, settings)
        return run

    return made


@pytest.mark.parametrize("path", KNOWN)
def test_what_the_program_and_its_foundations_define_is_taken_from_anyone(run, path):
    refuse_foreign_code(run(_target_=path, network={"_target_": path, "_partial_": True}))


@pytest.mark.parametrize("path", FOREIGN)
def test_other_code_is_refused_wherever_it_stands_and_however_it_is_reached(run, path):
    for inside in ({"_target_": path}, {"network": {"_args_": [1, {"_target_": path}]}}):
        with pytest.raises(SettingError, match=r"^classifier\..*_target_=.*: allowed: .*trust_code=true"):
            refuse_foreign_code(run(**inside))


def test_text_of_which_omegaconf_would_make_code_is_refused(run):
    with pytest.raises(SettingError, match=r"^classifier\.network=\${oc\.decode"):
        refuse_foreign_code(run(network="${oc.decode:'{_target_: os.system, command: id}'}"))


def test_nothing_is_imported_before_it_is_refused(run, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    folder = run(_target_="mine.Network")
    with pytest.raises(SettingError, match=r"^classifier\._target_=mine.Network"):
        uqgen.load(folder.path)
    assert not (tmp_path / "imported").exists()
    with pytest.raises(SettingError, match=r"mine\.Network"):  # which has no such thing, but is asked for it
        uqgen.load(folder.path, trust_code=True)
    assert (tmp_path / "imported").exists()


def test_a_run_that_was_made_here_is_trusted_wherever_it_lies_as_long_as_its_settings_are_the_same(run, tmp_path):
    folder = run(_target_="mine.Network")
    remember_code(folder)
    moved = RunFolder(tmp_path / "elsewhere")
    folder.path.rename(moved.path)
    refuse_foreign_code(moved)
    moved.write(moved.settings, {**json.loads(moved.settings.read_text()), "data": {"_target_": "os.system"}})
    with pytest.raises(SettingError, match=r"^data\._target_=os\.system"):
        refuse_foreign_code(moved)


def test_nothing_is_remembered_of_a_run_that_names_no_such_code(run, tmp_path):
    remember_code(run(_target_="torch.nn.Linear"))
    assert not (tmp_path / "state").exists()


def test_callbacks_and_loggers_are_of_the_training_alone(run):
    folder = run(_target_="torch.nn.Linear")
    settings = json.loads(folder.settings.read_text())
    folder.write(folder.settings, settings | {"logger": {"mine": {"_target_": "os.system"}}, "overrides": ["${x}"]})
    refuse_foreign_code(folder)
