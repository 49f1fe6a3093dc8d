import shutil
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from uqgen.classifiers.cnn import CNN
from uqgen.classifiers.own import ExportedClassifier, ImportedClassifier, TorchScriptClassifier
from uqgen.data.dataset import DatasetDataModule
from uqgen.data.digits import digits
from uqgen.hardware import Hardware
from uqgen.settings import SettingError

SHAPE = (1, 8, 8)
CPU = Hardware(accelerator="cpu")
MakeCNN = partial(CNN, SHAPE, 10, (4,), 8)


@pytest.fixture(scope="module")
def cnn():
    torch.manual_seed(1)  # not the seed with which a network without weights is made
    network = MakeCNN()
    network(torch.randn(50, *SHAPE) * 3)  # so that the batch norm knows something
    return network.eval()


@pytest.fixture(scope="module")
def sources(cnn, tmp_path_factory):
    """The same classifier in every way that there is to hand it in."""
    folder = tmp_path_factory.mktemp("own")
    torch.save(cnn.state_dict(), folder / "weights.pt")
    script(cnn, folder / "script.pt")
    images = torch.rand(2, *SHAPE)
    program = torch.export.export(cnn, (images,), dynamic_shapes=({0: torch.export.Dim("n")},))
    torch.export.save(program, folder / "program.pt2")
    return {
        "imported": ImportedClassifier(network=MakeCNN, checkpoint=str(folder / "weights.pt")),
        "torchscript": TorchScriptClassifier(file=str(folder / "script.pt")),
        "exported": ExportedClassifier(file=str(folder / "program.pt2")),
    }


def script(network, path, freeze=False):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        scripted = torch.jit.trace(network, torch.rand(2, *SHAPE))
        torch.jit.save(torch.jit.freeze(scripted) if freeze else scripted, path)


@pytest.fixture(scope="module")
def data():
    module = DatasetDataModule(digits(), size=8, channels=1, class_names=list("0123456789"), limit=100)
    module.setup()
    return module


def test_the_same_weights_are_known_whatever_holds_them(sources, data, tmp_path):
    found = {name: source.obtain(data, {}, tmp_path, CPU) for name, source in sources.items()}
    (weights,) = {classifier.weights() for classifier in found.values()}
    assert len(weights) == 1
    other = replace(sources["imported"], checkpoint=None).obtain(data, {}, tmp_path, CPU)
    assert not other.weights() & weights


def test_random_weights_are_warned_of_and_those_that_a_network_comes_with_are_not(sources, cnn, data, caplog):
    for source in (sources["imported"], ImportedClassifier(network=lambda: cnn)):
        source.obtain(data, {}, None, CPU)
    assert caplog.text == ""
    ImportedClassifier(network=MakeCNN).obtain(data, {}, None, CPU)
    assert "no checkpoint is given, and weights of CNN are random: nothing taught it" in caplog.text


@pytest.mark.parametrize("name", ["imported", "torchscript", "exported"])
def test_it_says_what_the_network_says_and_a_copy_does_too(name, sources, cnn, data, tmp_path):
    source = sources[name]
    frozen = source.obtain(data, {}, tmp_path / "cache", CPU)
    x = torch.rand(7, *SHAPE) * 2 - 1
    torch.testing.assert_close(frozen(x), cnn(x))
    assert not any(weight.requires_grad for weight in frozen.parameters())
    source.keep(frozen, tmp_path / "classifiers" / "target.pt")
    copy = source.kept(tmp_path / "classifiers" / "target.pt").obtain(data, {}, tmp_path / "cache", CPU)
    torch.testing.assert_close(copy.predict(data.test.x), cnn(data.test[:].x).detach())
    assert copy.digest() == frozen.digest()
    assert not (tmp_path / "cache").exists()
    assert source.seeds() == []


@pytest.mark.parametrize("name", ["torchscript", "exported"])
@pytest.mark.parametrize("found", [b"another program", None])
def test_a_copy_of_a_program_is_compared_and_never_run(name, found, sources, tmp_path):
    source = replace(sources[name], file=str(tmp_path / "model"))
    shutil.copyfile(sources[name].file, source.file)
    source.keep(None, tmp_path / "target.pt")
    assert source.kept(tmp_path / "target.pt") is source
    Path(source.file).unlink() if found is None else Path(source.file).write_bytes(found)
    with pytest.raises(SettingError, match=rf"^file={source.file}: allowed: the program that the run was started with"):
        source.kept(tmp_path / "target.pt")


@pytest.mark.parametrize("name", ["imported", "torchscript", "exported"])
def test_gradients_go_to_the_input(name, sources, data, cnn):
    found, expected = (torch.rand(4, *SHAPE, generator=torch.Generator().manual_seed(0)) for _ in range(2))
    for x, network in ((found, sources[name].obtain(data, {}, None, CPU)), (expected, cnn)):
        network(x.requires_grad_()).log_softmax(dim=1)[:, 3].sum().backward()
    torch.testing.assert_close(found.grad, expected.grad)


@pytest.mark.parametrize("kind", [TorchScriptClassifier, ExportedClassifier])
def test_a_file_that_is_something_else_is_refused_in_one_line(kind, tmp_path):
    for content, allowed in ((None, "an existing file"), (b"no program", f"{kind.kind} (")):
        path = tmp_path / "model.pt"
        if content:
            path.write_bytes(content)
        with pytest.raises(SettingError) as refusal:
            kind(file=str(path)).network_for(SHAPE, 10)
        assert str(refusal.value).startswith(f"file={path}: allowed: {allowed}")
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["imported", "torchscript", "exported"])
@pytest.mark.parametrize(
    ("shape", "n_classes", "message"),
    [
        (SHAPE, 7, "network=outputs [16, 10]: allowed: [N, 7], one for each class of the data"),
        ((3, 8, 8), 10, "takes [N, 3, 8, 8], or its own channels= and size="),
        ((1, 32, 32), 10, "takes [N, 1, 32, 32], or its own channels= and size="),
        ((2,), 2, "allowed: networks for data of shape (2,)"),
    ],
)
def test_other_data_are_refused_in_one_line(name, shape, n_classes, message, sources):
    with pytest.raises(SettingError) as refusal:
        sources[name].network_for(shape, n_classes)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_network_whose_weights_cannot_be_moved_is_refused(cnn, tmp_path):
    script(cnn, tmp_path / "frozen.pt", freeze=True)
    with pytest.raises(SettingError, match="allowed: one whose weights are not frozen into its code"):
        TorchScriptClassifier(file=str(tmp_path / "frozen.pt")).network_for(SHAPE, 10)


def test_a_program_for_one_number_of_images_is_refused(cnn, tmp_path):
    torch.export.save(torch.export.export(cnn, (torch.rand(2, *SHAPE),)), tmp_path / "two.pt2")
    with pytest.raises(SettingError, match="and N of any number"):
        ExportedClassifier(file=str(tmp_path / "two.pt2")).network_for(SHAPE, 10)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (partial(CNN, SHAPE, 10, color=3), r"^network=CNN: allowed: arguments that make a network \(.*color"),
        (partial(dict, a=3), r"^network=dict: allowed: what makes a torch.nn.Module"),
    ],
)
def test_what_makes_no_network_is_refused(network, message):
    with pytest.raises(SettingError, match=message):
        ImportedClassifier(network=network).network_for(SHAPE, 10)


def test_weights_of_another_network_are_refused(sources):
    other = ImportedClassifier(network=partial(CNN, SHAPE, 10, (5,)), checkpoint=sources["imported"].checkpoint)
    with pytest.raises(SettingError, match=r"^checkpoint=.*a state dict of the configured network"):
        other.network_for(SHAPE, 10)


def test_one_number_normalises_all_channels(sources):
    given, listed = (replace(sources["imported"], mean=mean, std=std) for mean, std in ((0.4, 2), ([0.4], [2])))
    x = torch.rand(3, *SHAPE) * 2 - 1
    assert given.network_for(SHAPE, 10)(x).equal(listed.network_for(SHAPE, 10)(x))


def test_a_script_that_names_a_gpu_is_refused_in_one_line(tmp_path):
    class OnGPU(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(64, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.linear(x.flatten(1)) + torch.zeros([1, 10], device=torch.device("cuda:0"))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(OnGPU().eval()).save(tmp_path / "cuda.pt")
    with pytest.raises(
        SettingError, match=r"allowed: one that runs on the CPU, too: it names a GPU in its code"
    ) as refusal:
        TorchScriptClassifier(file=str(tmp_path / "cuda.pt")).network_for(SHAPE, 10)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"outputs": "scores"},
        {"channels": 2},
        {"size": 0},
        {"mean": [0.1, 0.2]},
        {"mean": [0.1, 0.2, 0.3]},  # of images of one channel
        {"std": [0.0]},
        {"std": ["a"]},
        {"std": 0},
        {"mean": None},
        {"mean": "0.4"},
    ],
)
def test_settings_out_of_range_are_refused(settings):
    (name,) = settings
    with pytest.raises(SettingError, match=f"^{name}="):
        ImportedClassifier(network=MakeCNN, **settings).network_for(SHAPE, 10)


def test_how_experiments_train_a_classifier_is_ignored():
    ImportedClassifier(network=lambda: nn.Flatten(), training={"epochs": 3})
