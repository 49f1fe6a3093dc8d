import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter, laplace
from skimage import measure
from skimage.restoration import estimate_sigma

from uqgen.data.attributes import ATTRIBUTES, Pictures, measure_attributes
from uqgen.data.corruption import Corruption


@pytest.fixture(scope="module")
def digits(mnist_folder):
    from uqgen.data.mnist import MNISTDataModule

    data = MNISTDataModule(mnist_folder, Corruption(), limit=60)
    data.setup()
    return data.test


@pytest.fixture(scope="module")
def pictures(digits):
    return Pictures(digits.x[:, 0].numpy() / 255)


def value(name, pictures):
    return ATTRIBUTES[name].measure(pictures)


def rows(*lines):
    """A picture from text, large enough that the blur before ink is told from ground does not matter."""
    small = np.array([[letter == "#" for letter in line] for line in lines], float)
    return Pictures(np.kron(small, np.ones((8, 8)))[None])


def test_the_registry_names_every_attribute_with_its_unit():
    names = "noise level, sharpness, brightness, contrast, stroke thickness, slant, width, height, area, holes"
    assert ", ".join(ATTRIBUTES) == names
    assert all(attribute.name == name and attribute.unit for name, attribute in ATTRIBUTES.items())


def test_every_image_is_measured_on_its_own(digits, pictures):
    whole = measure_attributes(digits.x, "digits")
    assert whole.shape == (60, len(ATTRIBUTES))
    assert np.isfinite(whole).all()
    alone = np.concatenate([measure_attributes(digits.x[i : i + 1], "digit") for i in range(60)])
    np.testing.assert_allclose(whole, alone)
    np.testing.assert_array_equal(whole[:, list(ATTRIBUTES).index("contrast")], pictures.grey.std(axis=(1, 2)))


def test_images_in_minus_one_to_one_are_the_same_images(digits):
    as_networks_take_them = digits[list(range(60))].x
    np.testing.assert_array_equal(measure_attributes(as_networks_take_them, ""), measure_attributes(digits.x, ""))


def test_noise_and_sharpness_are_those_of_other_libraries(pictures):
    grey = pictures.grey
    np.testing.assert_allclose(value("noise level", pictures), [estimate_sigma(image) for image in grey])
    np.testing.assert_allclose(value("sharpness", pictures), [laplace(image, mode="nearest").var() for image in grey])


def test_a_plain_image_has_no_noise():
    plain = Pictures(np.array([0.0, 0.5])[:, None, None] * np.ones((8, 8)))
    np.testing.assert_allclose(value("noise level", plain), 0, atol=1e-12)


def test_noise_is_found_and_blur_takes_sharpness():
    rng = np.random.default_rng(0)
    image = np.kron(rng.uniform(0.3, 0.7, (4, 4)), np.ones((16, 16)))
    for sigma in (0.02, 0.05, 0.1):
        noisy = Pictures((image + sigma * rng.standard_normal(image.shape))[None])
        assert value("noise level", noisy) == pytest.approx(sigma, rel=0.15)
    blurred = np.stack([gaussian_filter(image, sigma) for sigma in (0.5, 1, 2, 4)])
    assert (np.diff(value("sharpness", Pictures(blurred))) < 0).all()


def test_shapes_are_those_of_scikit_image(pictures):
    ink = pictures.ink
    perimeter = [measure.perimeter_crofton(image, directions=2) for image in ink]
    np.testing.assert_allclose(value("stroke thickness", pictures), 2 * ink.sum(axis=(1, 2)) / perimeter)
    euler = [measure.euler_number(image, connectivity=2) for image in ink]
    parts = [measure.label(image, connectivity=2).max() for image in ink]
    np.testing.assert_array_equal(value("holes", pictures), np.subtract(parts, euler))
    assert value("holes", pictures).any()
    boxes = np.array([measure.regionprops(image.astype(int))[0].bbox for image in ink])
    np.testing.assert_array_equal(value("height", pictures), boxes[:, 2] - boxes[:, 0])
    np.testing.assert_array_equal(value("width", pictures), boxes[:, 3] - boxes[:, 1])
    moments = np.array([measure.moments_central(image.astype(float)) for image in ink])
    slant = np.degrees(np.arctan(-moments[:, 1, 1] / moments[:, 2, 0]))
    np.testing.assert_allclose(value("slant", pictures), slant, atol=1e-9)


def test_a_long_stroke_is_as_thick_as_it_is_wide():
    bar = np.zeros((200, 200))
    bar[:, 90:102] = 1
    # A perimeter of two directions takes the sides of an upright bar for pi / 4 of what they are.
    assert value("stroke thickness", Pictures(bar[None])) == pytest.approx(12 * 4 / np.pi, rel=0.07)
    i, j = np.mgrid[:301, :301] - 150
    disc = Pictures((i**2 + j**2 < 100**2).astype(float)[None])
    assert value("stroke thickness", disc) == pytest.approx(100, rel=0.02)  # 2 pi r^2 / (2 pi r)


def test_what_leans_to_the_right_has_a_positive_slant():
    leaning, upright = rows("..##", ".##.", "##.."), rows(".##.", ".##.", ".##.")
    assert value("slant", leaning) > 20
    assert value("slant", upright) == pytest.approx(0)


def test_holes_are_counted():
    assert value("holes", rows("......", ".####.", ".#..#.", ".####.", ".#..#.", ".####.", "......")) == 2
    assert value("holes", rows("......", ".####.", ".#..#.", ".#....", "......")) == 0
    assert (
        value("holes", rows("......", "######", "#....#", "######", "......")) == 1
    )  # also where ink meets the border


def test_ink_is_the_same_whatever_the_contrast_and_the_ground(pictures):
    assert 0.05 < pictures.ink.mean() < 0.5
    for a, b in ((0.25, 0), (-1, 1), (0.5, 0.3), (-0.25, 0.5)):
        np.testing.assert_array_equal(Pictures(a * pictures.grey + b).ink, pictures.ink)


def test_ink_is_what_a_digit_was_drawn_with(pictures):
    clean = pictures.grey[np.median(pictures.grey, axis=(1, 2)) == 0]
    assert len(clean) > 20
    np.testing.assert_array_equal(
        Pictures(clean).ink,
        gaussian_filter(clean, (0, 1, 1)) > 0.5 * gaussian_filter(clean, (0, 1, 1)).max((1, 2), keepdims=True),
    )


def test_a_plain_image_has_no_attribute_but_brightness():
    plain = torch.tensor([0, 51], dtype=torch.uint8)[:, None, None, None].expand(2, 3, 8, 8)
    of_each = dict(zip(ATTRIBUTES, measure_attributes(plain, "nothing").T, strict=True))
    np.testing.assert_allclose(of_each.pop("brightness"), [0, 0.2])
    np.testing.assert_allclose(list(of_each.values()), 0, atol=1e-12)
