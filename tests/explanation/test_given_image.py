from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from uqgen.data.labelled import LabelledData
from uqgen.explanation.given_image import given_images, read_given
from uqgen.scores import get_score
from uqgen.settings import SettingError

PIXELS = torch.arange(3, dtype=torch.uint8).view(3, 1, 1, 1).repeat(1, 1, 8, 8)
LABEL = torch.tensor([7, 8, 9])
DATA = SimpleNamespace(is_image=True, shape=(1, 8, 8), test=LabelledData(PIXELS, LABEL, LABEL, LABEL))


def test_a_position_is_one_of_the_test_split():
    image, label = read_given(2, DATA)
    assert (image.unique().tolist(), label) == ([2], 9)


def test_a_file_is_brought_to_the_size_and_the_channels_of_the_data(tmp_path):
    Image.fromarray(np.full((20, 16, 3), 90, np.uint8)).save(tmp_path / "mine.png")
    image, label = read_given(str(tmp_path / "mine.png"), DATA)
    assert (image.shape, image.dtype, image.unique().tolist(), label) == ((1, 8, 8), torch.uint8, [90], None)


def context_of(classifier):
    """A context as far as given images need one."""
    return SimpleNamespace(data=DATA, target=classifier, score=get_score("msp"))


def test_images_come_with_their_known_or_else_their_most_probable_class_and_what_the_target_says(linear):
    given = given_images(context_of(linear), [2, np.full((8, 8), 200, np.uint8), 0])
    assert given.x.flatten(1).unique(dim=1).flatten().tolist() == [2, 200, 0]
    probabilities = linear.predict(given.x).softmax(dim=1)
    torch.testing.assert_close(given.probabilities, probabilities)
    torch.testing.assert_close(given.own.score, probabilities.amax(dim=1))
    assert given.predicted.equal(probabilities.argmax(dim=1))
    assert given.own.label.tolist() == [9, int(given.predicted[1]), 7]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (3, "image=3: allowed: 0 to 2, or a file"),
        (-1, "image=-1: allowed: 0 to 2"),
        ("nowhere.png", "image=nowhere.png: allowed: a position in the test split, or an image"),
        (torch.full((1, 8, 8), 2.0), "image=Tensor: allowed: a position in the test split, or an image"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(image, message):
    with pytest.raises(SettingError) as refused:
        read_given(image, DATA)
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_picture_is_refused(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(SettingError, match=r"^image=.*text\.png: allowed: a position in the test split, or an image"):
        read_given(tmp_path / "text.png", DATA)
