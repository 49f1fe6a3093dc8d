import logging
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from uqgen.classifiers.recipe import ClassifierRecipe
from uqgen.data.corruption import Corruption
from uqgen.data.dataset import DatasetDataModule
from uqgen.data.labelled import LabelledData
from uqgen.data.shapes import Shapes
from uqgen.evaluation import feature_training
from uqgen.evaluation.feature_training import RECIPE, TAUGHT_BLUR, TaughtData, corrupt_repeatedly, obtain_features
from uqgen.evaluation.features import feature_accuracy
from uqgen.evaluation.real import features_of
from uqgen.hardware import Hardware
from uqgen.metrics.fidelity import frechet_distance
from uqgen.tensor_files import load_tensors

NOISE, BLUR = 1, 2
CPU = Hardware("cpu", precision="32-true")
SEVERITIES = range(1, 6)


@pytest.fixture(scope="module")
def shapes():
    data = DatasetDataModule(Shapes(2_000), test_share=0.5)
    data.setup()
    return data


@pytest.fixture(scope="module")
def network(shapes):
    taught = TaughtData(shapes)
    taught.train = corrupt_repeatedly(shapes.train, 3_000, stream=0)
    taught.validation = taught.train.subset(slice(10))
    return RECIPE.train(taught, CPU).eval()


@pytest.mark.slow
def test_training_learns_and_repeats():
    # Four classes of stripes: (label, corruption) decide direction and strength.
    stripes = torch.zeros(2, 1, 32, 32, dtype=torch.uint8)
    stripes[0, :, ::4] = stripes[1, :, :, ::4] = 255
    label = torch.arange(320) % 2
    corruption = torch.arange(320) // 2 % 2
    images = stripes[label] // (1 + corruption.byte()[:, None, None, None])
    data = LabelledData(images, label, corruption, 3 * corruption)
    module = TaughtData(SimpleNamespace(n_classes=2, class_names=[], shape=(1, 32, 32)))
    module.train, module.validation, module.batch_size = data, data, 32
    state = torch.get_rng_state()
    first = RECIPE.repeated(1).train(module, CPU).eval()
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(1)
    second, other = (RECIPE.repeated(seed).train(module, CPU) for seed in (1, 2))
    assert feature_accuracy(first, data) == (1.0, 1.0)
    for ours, again in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(ours, again)
    assert not torch.equal(first.label.weight, other.label.weight)


@pytest.mark.slow
def test_class_and_corruption_of_unseen_images_are_told(network, shapes):
    test = corrupt_repeatedly(shapes.test, 2_000, stream=1)
    label, corruption = feature_accuracy(network, test)
    assert label > 0.6  # of three
    assert corruption > 0.65  # half are clean, and of the other half some were blurred before they were blurred
    assert (
        feature_accuracy(network, test.subset(test.corruption == NOISE))[1] > 0.8
    )  # of five severities, and clean or blurred


@pytest.mark.slow
def test_distances_grow_with_severity_from_that_of_other_real_images(network, shapes):
    train = features_of(shapes.train.x, network)

    def fid(corruption):
        images, _, _ = corruption(shapes.test.x.numpy(), torch.arange(len(shapes.test)).numpy(), 0)
        return frechet_distance(train, features_of(torch.from_numpy(images), network))

    floor = fid(Corruption(share=0))
    noisy = [fid(_only(NOISE, severity)) for severity in SEVERITIES]
    blurred = [fid(_only(BLUR, severity)) for severity in SEVERITIES]
    # Kinds and severities are classes without an order to the network: of noise the middle ones need not be in order.
    assert blurred == sorted(blurred)
    assert noisy[-1] == max(noisy)
    for distances in (noisy, blurred):
        assert min(distances) > 1.5 * floor
        assert distances[-1] > 10 * floor


def test_images_are_repeated_with_other_corruptions(shapes):
    few = shapes.train.subset(slice(0, 50))
    found = corrupt_repeatedly(few, 10_000, stream=0)
    assert len(found) == 50 * feature_training.REPEATS
    assert found.label[:50].equal(found.label[50:100])
    assert not found.corruption[:50].equal(found.corruption[50:100])
    clean = found.corruption == 0
    assert found.x[clean].equal(few.x.repeat(feature_training.REPEATS, 1, 1, 1)[clean])
    assert len(corrupt_repeatedly(few, 70, stream=0)) == 70
    assert not corrupt_repeatedly(few, 70, stream=1).corruption.equal(found.corruption[:70])


@pytest.mark.parametrize("size", [32, 64, 128])
def test_blur_goes_with_the_size_of_the_images(size):
    edge = torch.zeros(40, 1, size, size, dtype=torch.uint8)
    edge[..., size // 2 :] = 255
    label = torch.zeros(40, dtype=torch.int64)
    found = corrupt_repeatedly(LabelledData(edge, label, label, label), 10_000, stream=0)
    for severity, sigma in zip(SEVERITIES[:3], TAUGHT_BLUR[:3], strict=True):
        blurred = found.x[(found.corruption == BLUR) & (found.severity == severity)][0, 0, 0].double()
        weight = blurred.diff() / 255  # what became of the edge is the Gaussian's own profile
        place = torch.arange(size - 1, dtype=torch.float64)
        mean = (weight * place).sum()
        variance = (weight * (place - mean) ** 2).sum() / weight.sum()
        assert variance.sqrt() == pytest.approx(sigma * size / 32, rel=0.05)


def test_images_that_come_corrupted_are_not_corrupted_twice(shapes):
    kind = torch.arange(len(shapes.train)) % 2
    half = replace(shapes.train, corruption=kind, severity=kind)
    clean = half.subset(kind == 0)
    few = 2 * len(clean)
    assert corrupt_repeatedly(half, few, stream=0).x.equal(corrupt_repeatedly(clean, few, stream=0).x)
    none_clean = replace(half, corruption=kind * 0 + 1)
    assert corrupt_repeatedly(none_clean, few, stream=0).x.equal(corrupt_repeatedly(shapes.train, few, stream=0).x)


def test_features_are_trained_once_for_the_same_data(shapes, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(feature_training, "MOST_IMAGES", 256)
    monkeypatch.setattr(feature_training, "RECIPE", replace(RECIPE, training=replace(RECIPE.training, epochs=1)))
    with caplog.at_level(logging.INFO):
        first = obtain_features(shapes, {"data": "shapes"}, tmp_path, CPU)
    assert sum("features recognise class and corruption of" in line for line in caplog.messages) == 1
    assert not any(parameter.requires_grad for parameter in first.parameters())
    (path,) = tmp_path.glob("*.pt")
    assert load_tensors(path)["identity"]["features_of"] == {"data": "shapes"}

    def trained(*_arguments):
        raise AssertionError("trained again")

    monkeypatch.setattr(ClassifierRecipe, "train", trained)
    found = obtain_features(shapes, {"data": "shapes"}, tmp_path, CPU)
    assert torch.equal(found(shapes.test[:5].x), first(shapes.test[:5].x))
    with pytest.raises(AssertionError, match="trained again"):
        obtain_features(shapes, {"data": "others"}, tmp_path, CPU)


def _only(kind, severity):
    """All images with one corruption of one severity."""
    always = Corruption(share=1)
    always._draw_kinds = lambda index, _stream: (index * 0 + kind, index * 0 + severity)
    return always
