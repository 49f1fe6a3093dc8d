"""What is refused once data and scores are known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from uqgen.checks import check_kinds, check_outputs, check_scores, check_sizes
from uqgen.conditioning.own_condition import own_condition
from uqgen.data.folder import FolderDataModule
from uqgen.data.moons import MoonsDataModule
from uqgen.evaluation.evaluation_settings import EvaluationSettings
from uqgen.scores import get_score
from uqgen.settings import SettingError


@pytest.fixture
def moons():
    data = MoonsDataModule(100, 20, 30)
    data.setup()
    return data


def test_too_few_items_are_refused_by_the_setting_s_real_name(moons, caplog):
    check_sizes(moons, 100, "test")
    assert "the test split has 30 images: what is compared with so few says little" in caplog.text
    with pytest.raises(
        SettingError, match=r"^model\.training\.batch_size=128: allowed: at most the 100 training images"
    ):
        check_sizes(moons, 128, "test")
    moons.validation = moons.validation.subset(slice(1))
    with pytest.raises(
        SettingError, match=r"^data=100 train, 1 validation, 30 test: allowed: 2 or more in every split"
    ):
        check_sizes(moons, 10, "test")


def test_more_kinds_than_images_that_differ_are_refused_before_classifiers_are_trained(moons):
    images = torch.randint(256, (5, 1, 8, 8), dtype=torch.uint8).repeat(300, 1, 1, 1)
    data = SimpleNamespace(is_image=True, train=SimpleNamespace(x=images))
    check_kinds(data, {"texture": 5, "shape": 0})
    with pytest.raises(SettingError, match=r"^model\.kinds\.texture=6: allowed: at most the 5 images that differ$"):
        check_kinds(data, {"texture": 6, "shape": 0})
    check_kinds(moons, {"texture": 6})  # which are refused where a model is built


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("shape", [(30, 2), (30, 3, 2)], ids=["one network", "ensemble"])
def test_outputs_that_are_no_numbers_are_refused_with_their_image(moons, value, shape):
    logits = torch.zeros(shape)
    check_outputs(logits, "test", moons)
    logits[7, ..., -1], logits[9] = value, value
    with pytest.raises(
        SettingError, match=r"^classifier=outputs NaN or infinite for point 7 of the test split and 1 more"
    ):
        check_outputs(logits, "test", moons)


def test_an_image_of_a_folder_is_named_by_its_file(tmp_path):
    for name in ("train/a", "train/b", "test/a", "test/b"):
        (tmp_path / name).mkdir(parents=True)
        for number in range(10):
            level = 150 * name.startswith("test") + 75 * name.endswith("b") + number
            Image.fromarray(np.full((8, 8), level, np.uint8)).save(tmp_path / name / f"{number}.png")
    data = FolderDataModule(tmp_path, size=8, channels=1)
    data.setup()
    for split in ("train", "validation", "test"):
        for position, x in enumerate(getattr(data, split).x):
            assert Image.open(data.name_of(split, position)).getpixel((0, 0)) == int(x[0, 0, 0])


def check(score, logits, **settings):
    own = own_condition(logits, torch.zeros(len(logits), dtype=torch.int64), score)
    check_scores(score, own, EvaluationSettings(**settings))


@pytest.mark.parametrize("name", ["msp", "entropy", "margin", "energy"])
def test_a_score_that_is_the_same_of_all_images_is_refused(name):
    sure = torch.tensor([[1e5, 0.0], [0.0, 1e5]]).repeat(50, 1)
    with pytest.raises(SettingError, match=f"^score={name}: allowed: one that differs among the training images"):
        check(get_score(name), sure)
    check(get_score(name), torch.randn(100, 2))


def test_a_second_score_has_to_differ_too():
    alike = torch.tensor([[3.0, 0.0], [0.0, 3.0]]).repeat(50, 1) + torch.arange(100)[:, None]
    with pytest.raises(SettingError, match=r"^score=msp"):
        check(get_score("energy", "msp"), alike)


def test_what_is_said_to_be_reachable_does_not_make_scores_differ():
    sure = torch.tensor([[1e5, 0.0]]).repeat(100, 1)
    with pytest.raises(SettingError, match=r"^score=msp"):
        check(get_score("msp"), sure, reachable={"msp": [0.5, 1]})
