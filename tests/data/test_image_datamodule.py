from types import SimpleNamespace

import hydra
import numpy as np
import pytest
import torch
from PIL import Image

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.config import build, compose, plain
from uqgen.data.corruption import Corruption
from uqgen.data.dataset import DatasetDataModule
from uqgen.data.folder import FolderDataModule
from uqgen.data.shapes import Shapes
from uqgen.evaluation.results_json import classifier_results
from uqgen.settings import SettingError

CHOSEN = "data/corruption=gaussian"
SPLITS = ("train", "validation", "test")
NONE, NOISE, BLUR = 0, 1, 2
FLAT = 128


@pytest.fixture
def folder(tmp_path):
    """FOLDER/train, validation and test, in each two classes of the same 20 colour images."""
    for split in SPLITS:
        for label, name in enumerate(("one", "two")):
            (tmp_path / split / name).mkdir(parents=True)
            for number in range(20):
                pixels = np.full((16, 16, 3), FLAT, np.uint8)
                pixels[:, 8:, label] = 100 + number
                Image.fromarray(pixels).save(tmp_path / split / name / f"{number:02d}.png")
    return tmp_path


def number_of(clean, label):
    return clean[range(len(clean)), label, 0, 15].numpy() - 100


def of_folder(folder, corruption=None, **settings):
    data = FolderDataModule(folder, size=16, corruption=corruption, **settings)
    data.setup()
    return data


@pytest.mark.parametrize("stream", [("train", 0), ("test", 1), ("validation", 2)])
def test_a_folder_of_colour_images_is_corrupted_by_the_place_of_each_in_its_source(folder, stream):
    split, number = stream
    corrupt = Corruption(share=0.7, seed=5)
    clean, found = getattr(of_folder(folder), split), getattr(of_folder(folder, corrupt), split)
    place = 20 * clean.label.numpy() + number_of(clean.x, clean.label)  # files are read class by class, by name
    expected = corrupt(clean.x.numpy(), place, number)
    assert found.label.equal(clean.label)
    np.testing.assert_array_equal(found.x.numpy(), expected.images)
    assert found.corruption.tolist() == expected.corruption.tolist()
    assert found.severity.tolist() == expected.severity.tolist()
    assert set(found.corruption.tolist()) == {NONE, NOISE, BLUR}


def test_neither_the_split_nor_the_other_images_change_what_an_image_gets(folder):
    def by_place(**settings):
        clean, data = (of_folder(folder / "train", c, **settings) for c in (None, Corruption(share=1)))
        places = {}
        for split in SPLITS:
            images = getattr(clean, split)
            for key, pixels in zip(
                zip(images.label.tolist(), number_of(images.x, images.label).tolist(), strict=True),
                getattr(data, split).x,
                strict=True,
            ):
                places[key] = pixels
        return places

    whole, other_split, fewer = by_place(), by_place(seed=1), by_place(limit=4)
    assert len(whole) == 40
    assert all(whole[place].equal(pixels) for place, pixels in other_split.items())
    assert all(whole[place].equal(pixels) for place, pixels in fewer.items())


def test_noise_is_drawn_for_each_channel_and_a_blur_leaves_flat_colours(folder):
    found = of_folder(folder, Corruption(share=1)).train
    noisy = found.x[found.corruption == NOISE].float()
    assert (noisy[:, 0] != noisy[:, 1]).float().mean() > 0.8
    blurred = found.x[found.corruption == BLUR]
    assert blurred[:, 2].eq(FLAT).all()  # there is no edge in blue
    assert not blurred[:, 0].eq(blurred[:, 0, :, :1]).all()


@pytest.mark.parametrize("name", ["digits", pytest.param("shapes", marks=pytest.mark.slow)])
def test_any_data_of_images_can_be_corrupted_by_configuration(name):
    few = ["data.limit=200"]
    clean, corrupted = (
        hydra.utils.instantiate(plain(compose([f"experiment={name}", *few, *more]))["data"]) for more in ([], [CHOSEN])
    )
    clean.setup()
    corrupted.setup()
    assert not clean.test.corruption.any()
    kinds = corrupted.test.corruption
    assert 0.35 < (kinds > 0).float().mean() < 0.65
    untouched = kinds == NONE
    assert corrupted.test.x[untouched].equal(clean.test.x[untouched])
    changed = (corrupted.test.x != clean.test.x).flatten(1).any(dim=1)
    assert changed[~untouched].float().mean() > 0.95
    assert clean.identity != corrupted.identity


def test_a_corruption_is_chosen_for_any_folder_of_images_and_taken_from_corrupted_mnist(folder):
    mine = ["data=folder", f"data.folder={folder}", "data/corruption=imagenet_c", "data.corruption.share=0.2"]
    corruption = build(plain(compose(["experiment=shapes", *mine]))).data.corruption
    assert (corruption.share, corruption.noise_sigma[0]) == (0.2, 0.08)
    assert build(plain(compose(["experiment=mnist_corrupt", "~data/corruption"]))).data.corruption is None


def test_points_and_what_is_no_corruption_are_refused_in_one_line():
    with pytest.raises(SettingError, match=r"^data\.corruption=.*: allowed: n_train, n_validation") as refused:
        build(plain(compose(["experiment=moons", f"+{CHOSEN}"])))
    assert "\n" not in str(refused.value)
    with pytest.raises(SettingError, match=r"^corruption=blur: allowed: null, or a Corruption"):
        DatasetDataModule(Shapes(10), corruption="blur")


def test_results_tell_the_accuracy_by_corruption_of_any_images():
    data = DatasetDataModule(Shapes(600), corruption=Corruption(share=0.5, seed=1))
    data.setup()

    logits = {}  # of a classifier that is right on clean images alone
    for split in SPLITS:
        real = getattr(data, split)
        answer = torch.where(real.corruption == NONE, real.label, (real.label + 1) % data.n_classes)
        logits[split] = 10 * torch.nn.functional.one_hot(answer, data.n_classes).float()
    real, target = {"test": SimpleNamespace(judge_logits={})}, FrozenClassifier(torch.nn.Linear(1, 1))
    context = SimpleNamespace(data=data, logits=logits, real=real, target=target)
    found = classifier_results(context, "shapes")["test_by_corruption"]
    assert {(kind["corruption"], kind["severity"] > 0): kind["accuracy"] for kind in found} == {
        ("none", False): 1.0,
        ("gaussian noise", True): 0.0,
        ("gaussian blur", True): 0.0,
    }
    assert sum(kind["n"] for kind in found) == len(data.test)
