import numpy as np
import pytest
from matplotlib.colors import to_hex

from uqgen.report.image_figures import sample_grid_figure, two_rows_figure
from uqgen.report.shown_classes import ShownClasses
from uqgen.report.style import INK, VERMILLION
from uqgen.settings import SettingError

RNG = np.random.default_rng(0)
GREY_IMAGES = RNG.uniform(-1, 1, (2, 3, 1, 6, 5))
COLOUR_IMAGES = RNG.uniform(-1, 1, (2, 3, 3, 6, 5))
NAMES = ["cat", "dog", "cow"]
PREDICTED = np.array([[0, 1, 2], [0, 2, 2]])
PROBABILITY = np.array([[0.99, 0.98, 1.0], [0.70, 0.56, 0.68]])


def two_rows(images=GREY_IMAGES, scores=(1, 0.7), predicted=PREDICTED, probability=PROBABILITY, names=NAMES):
    return two_rows_figure(images, scores, predicted, probability, ShownClasses.all(names), "msp", seed=3)


def test_two_rows_draws_each_grey_image_in_its_place():
    for axes, image in zip(two_rows().axes, GREY_IMAGES.reshape(6, 6, 5), strict=True):
        (drawn,) = axes.images
        np.testing.assert_allclose(drawn.get_array(), (image + 1) / 2)
        assert drawn.get_cmap().name == "gray"
        assert drawn.get_clim() == (0, 1)


def test_two_rows_draws_colour_images_in_colour():
    for axes, image in zip(two_rows(COLOUR_IMAGES).axes, COLOUR_IMAGES.reshape(6, 3, 6, 5), strict=True):
        np.testing.assert_allclose(axes.images[0].get_array(), (image.transpose(1, 2, 0) + 1) / 2)


def test_pixels_out_of_range_are_clipped_without_a_warning(caplog):
    too_far = np.sign(COLOUR_IMAGES) * 1.5
    drawn = two_rows(too_far).axes[0].images[0].get_array()
    np.testing.assert_array_equal(drawn, too_far[0, 0].transpose(1, 2, 0) > 0)
    assert caplog.records == []


def test_two_rows_writes_prediction_and_probability_above_and_marks_the_wrong_ones():
    titles = [axes.title for axes in two_rows().axes]
    texts = ["cat\n0.99", "dog\n0.98", "cow\n1.00", "cat\n0.70", "cow\n0.56", "cow\n0.68"]
    assert [title.get_text() for title in titles] == texts
    marked = [to_hex(title.get_color()) == VERMILLION.lower() for title in titles]
    assert marked == [False, False, False, False, True, False]
    assert to_hex(titles[0].get_color()) == INK


def test_two_rows_names_rows_by_score_and_columns_by_class():
    figure = two_rows()
    assert [axes.get_ylabel() for axes in figure.axes[::3]] == ["MSP\n1", "MSP\n0.7"]
    assert [axes.get_xlabel() for axes in figure.axes[3:]] == NAMES
    assert "seed 3" in figure.get_supxlabel()


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"images": GREY_IMAGES[:, :, 0]}, "images.shape"),
        ({"images": RNG.uniform(-1, 1, (2, 3, 2, 6, 5))}, "images.shape"),
        ({"scores": [1, 0.8, 0.6]}, "row_scores.shape"),
        ({"predicted": PREDICTED.T}, "predicted.shape"),
        ({"probability": PROBABILITY[:1]}, "probability.shape"),
        ({"names": NAMES[:2]}, "classes"),
    ],
)
def test_two_rows_refuses_what_does_not_fit(changed, name):
    with pytest.raises(SettingError) as refusal:
        two_rows(**changed)
    assert refusal.value.name == name


def sample_grid(images=GREY_IMAGES, labels=("cat", "dog"), scores=(1, 0.7, 0.4)):
    return sample_grid_figure(images, ShownClasses.all(labels), scores, "After 1,000 images", "entropy", seed=3)


@pytest.mark.parametrize("images", [GREY_IMAGES, COLOUR_IMAGES])
def test_the_grid_shows_each_image_around_its_ticks(images):
    (axes,) = sample_grid(images).axes
    sheet = np.atleast_3d(axes.images[0].get_array())
    seen = np.zeros(sheet.shape[:2], bool)
    for row, y in enumerate(axes.get_yticks()):
        for column, x in enumerate(axes.get_xticks()):
            # A 6 by 5 image reaches 2.5 pixels up and down from its centre and 2 to each side.
            place = slice(round(y - 2.5), round(y + 3.5)), slice(round(x - 2), round(x + 3))
            np.testing.assert_allclose(sheet[place], (images[row, column].transpose(1, 2, 0) + 1) / 2)
            seen[place] = True
    assert sheet[~seen].min() == 1


def test_the_grid_names_rows_columns_and_itself():
    figure = sample_grid()
    (axes,) = figure.axes
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["cat", "dog"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "0.7", "0.4"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("entropy (nats) requested", "class requested")
    assert axes.get_title("left") == "After 1,000 images"


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"images": GREY_IMAGES[0]}, "images.shape"),
        ({"labels": NAMES}, "classes"),
        ({"scores": [1, 0]}, "column_scores.shape"),
    ],
)
def test_the_grid_refuses_what_does_not_fit(changed, name):
    with pytest.raises(SettingError) as refusal:
        sample_grid(**changed)
    assert refusal.value.name == name
