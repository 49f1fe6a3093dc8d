import logging
import shutil
import warnings
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from composed import composed

from uqgen.classifiers.cnn import CNN
from uqgen.config import build, plain
from uqgen.run_folder import RunFolder
from uqgen.settings import SettingError

# MSP of 10 classes may be 0.1 to 1; entropy 0 to 2.303; energy is any number.
RANGES = [
    ("msp", (0.92, 1.0), True),
    ("msp", (0.8, 1.0), False),
    ("entropy", (0.0, 0.2), True),
    ("entropy", (0.0, 0.3), False),
    ("energy", (-9.1, -9.0), False),
]


@pytest.mark.parametrize(("score", "requested", "narrow"), RANGES)
def test_a_classifier_that_is_sure_of_everything_is_warned_of(score, requested, narrow, caplog):
    experiment = build(plain(composed([f"score={score}"])))
    with caplog.at_level(logging.INFO):
        experiment.tell_range(SimpleNamespace(requested_range=requested))
    messages = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert messages[0] == ("INFO", f"requested uniformly: {score} from {requested[0]:.3g} to {requested[1]:.3g}")
    assert [level for level, _ in messages[1:]] == ["WARNING"] * narrow


MakeCNN = partial(CNN, (1, 8, 8), 10, (4,), 8)
ARGUMENTS = "shape: [1,8,8], n_classes: 10, channels: [4], hidden: 8"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The same weights as a state dict, under other names, as a TorchScript and as a program; and other weights."""
    folder = tmp_path_factory.mktemp("own")
    network = MakeCNN().eval()
    torch.save(network.state_dict(), folder / "same.pt")
    torch.save(MakeCNN().state_dict(), folder / "other.pt")
    images = torch.rand(2, 1, 8, 8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        torch.jit.save(torch.jit.trace(torch.nn.Sequential(network), images), folder / "same_script.pt")
    program = torch.export.export(network, (images,), dynamic_shapes=({0: torch.export.Dim("n")},))
    torch.export.save(program, folder / "same_program.pt2")
    return folder


def own(kind, path):
    """A classifier or a judge of one's own, from the weights in a file."""
    key = {"classifier": "classifier", "classifier@judge": "judge"}[kind]
    if path.name.endswith("program.pt2"):
        return [f"{kind}=exported", f"{key}.file={path}"]
    if path.name.endswith("script.pt"):
        return [f"{kind}=torchscript", f"{key}.file={path}"]
    network = f"++{key}.network={{_target_: uqgen.classifiers.cnn.CNN, _partial_: true, {ARGUMENTS}}}"
    return [f"{kind}=own", network, f"{key}.checkpoint={path}"]


def obtain(folder, *overrides):
    small = ["experiment=digits", "debug=seconds", "data.limit=200", "trainer=cpu", "evaluation.n_judges=1"]
    experiment = build(plain(composed([*small, f"cache={folder / 'cache'}", *overrides])))
    experiment.load_data()
    return experiment.roles.obtain(RunFolder(folder / "run"))


@pytest.mark.parametrize("judge", ["same.pt", "same_script.pt", "same_program.pt2"])
@pytest.mark.parametrize("target", ["same.pt", pytest.param("same_script.pt", marks=pytest.mark.slow)])
def test_the_target_is_not_its_own_judge_in_whatever_file_its_weights_are(files, tmp_path, target, judge):
    given = own("classifier", files / target), own("classifier@judge", files / judge)
    with pytest.raises(SettingError) as refused:
        obtain(tmp_path, *given[0], *given[1])
    setting = "checkpoint" if judge == "same.pt" else "file"
    message = f"judge.{setting}={files / judge}: allowed: weights that the target does not have, as judge 1 has"
    assert str(refused.value) == message


def test_a_judge_with_other_weights_is_one(files, tmp_path):
    given = own("classifier", files / "same.pt"), own("classifier@judge", files / "other.pt")
    assert obtain(tmp_path, *given[0], *given[1]).judges.keys() == {"judge 1"}


def test_a_judge_is_no_member_of_the_target_and_no_surrogate(tmp_path):
    alike = ["classifier=cnn", "classifier@judge=cnn", "judge.training.seed=50"]
    taken = obtain(tmp_path, *alike, "enforcement=surrogates", "enforcement.n_surrogates=1")
    assert len(taken.surrogates) == 1
    shutil.copytree(tmp_path / "run" / "classifiers", tmp_path / "kept")
    shutil.rmtree(tmp_path / "run")

    surrogate = [*alike, f"judge.checkpoint={tmp_path / 'kept' / 'surrogate-1.pt'}"]
    with pytest.raises(SettingError, match=r"^judge\.checkpoint=.*: allowed: weights that surrogate 1 does not have"):
        obtain(tmp_path, *surrogate, "enforcement=surrogates", "enforcement.n_surrogates=1")

    shutil.rmtree(tmp_path / "run")
    member = ["classifier=cnn_ensemble", "classifier.members=2", "classifier@judge=cnn", "judge.training.seed=50"]
    with pytest.raises(SettingError, match=r"^judge\.checkpoint=.*: allowed: weights that the target does not have"):
        obtain(tmp_path, *member, f"judge.checkpoint={tmp_path / 'kept' / 'target.pt'}", "enforcement=none")


def test_a_seed_with_which_a_judge_would_be_a_surrogate_is_refused_before_any_training():
    surrogates = ["experiment=digits", "enforcement=surrogates", "classifier=cnn", "classifier@judge=cnn"]
    judge = [*surrogates, "judge.training.epochs=2", "judge.training.seed=1001"]
    with pytest.raises(SettingError, match=r"^judge\.training\.seed=1001: allowed: a seed with which no judge is"):
        build(plain(composed(judge)))
