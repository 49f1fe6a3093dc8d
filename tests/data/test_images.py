import numpy as np
import pytest
import torch
from PIL import ExifTags, Image, TiffImagePlugin

from uqgen.data.images import PHOTOMETRIC, SIZES, WHITE_IS_ZERO, fit_image, read_images, require_size
from uqgen.settings import SettingError

GREY = torch.arange(64, dtype=torch.uint8).view(1, 8, 8) * 4 + 3


@pytest.mark.parametrize(
    "image",
    [
        GREY,
        GREY / 255,
        GREY.expand(3, 8, 8),
        GREY[0].numpy(),
        GREY.expand(3, 8, 8).permute(1, 2, 0).numpy(),
        Image.fromarray(GREY[0].numpy()),
        Image.fromarray(GREY[0].numpy()).convert("RGB"),
        Image.fromarray(GREY[0].numpy()).convert("RGBA"),
    ],
    ids=["bytes", "floats", "colour", "array", "colour array", "PIL", "colour PIL", "PIL with alpha"],
)
def test_whatever_holds_the_same_pixels_gives_the_same_image(image):
    assert fit_image(image, 8, 1).equal(GREY)
    assert fit_image(image, 8, 3).equal(GREY.expand(3, 8, 8))


LEVELS = GREY[0].numpy()
OPAQUE = Image.new("L", (8, 8), 255)
FILES = {
    "16 bits": (Image.fromarray(LEVELS.astype(np.uint16) * 257), "png"),
    "16 bits tiff": (Image.fromarray(LEVELS.astype(np.uint16) * 257), "tif"),
    "16 bits, other byte order": (Image.fromarray(LEVELS.astype(">u2") * 257), "tif"),
    "32 bits": (Image.fromarray(LEVELS.astype(np.int32) * 257), "tif"),
    "floats": (Image.fromarray(LEVELS.astype(np.float32) / 255), "tif"),
    "alpha": (Image.merge("LA", [Image.fromarray(LEVELS), OPAQUE]), "png"),
    "colour and alpha": (Image.merge("RGBA", [Image.fromarray(LEVELS)] * 3 + [OPAQUE]), "png"),
    "palette": (Image.fromarray(LEVELS).convert("P"), "png"),
    "CMYK": (Image.merge("RGB", [Image.fromarray(LEVELS)] * 3).convert("CMYK"), "tif"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_picture_is_read_the_same_from_every_kind_of_file(kind, tmp_path):
    image, extension = FILES[kind]
    image.save(tmp_path / f"image.{extension}")
    with Image.open(tmp_path / f"image.{extension}") as read:
        assert fit_image(read, 8, 1).equal(GREY)


@pytest.mark.parametrize("pixels", [LEVELS, LEVELS.astype(np.uint16) * 257], ids=["8 bits", "16 bits"])
def test_a_photograph_is_turned_as_its_camera_noted(pixels, tmp_path):
    noted = Image.Exif()
    noted[ExifTags.Base.Orientation] = 6  # to be turned clockwise
    Image.fromarray(np.rot90(pixels).copy()).save(tmp_path / "turned.png", exif=noted)
    with Image.open(tmp_path / "turned.png") as image:
        assert fit_image(image, 8, 1).equal(GREY)


def test_white_that_is_zero_is_white(tmp_path):
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    directory[PHOTOMETRIC] = WHITE_IS_ZERO
    Image.fromarray((255 - LEVELS).astype(np.uint16) * 257).save(tmp_path / "image.tif", tiffinfo=directory)
    with Image.open(tmp_path / "image.tif") as read:
        assert fit_image(read, 8, 1).equal(GREY)


@pytest.mark.parametrize(("colour", "ground"), [((0, 0, 0), 255), ((255, 255, 255), 0), ((255, 0, 0), 255)])
def test_a_shape_in_the_alpha_channel_is_seen(colour, ground):
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[..., :3], pixels[2:6, 2:6, 3] = colour, 255
    found = fit_image(Image.fromarray(pixels), 8, 3)
    assert found[:, 0, 0].tolist() == [ground] * 3
    assert found[:, 4, 4].tolist() == list(colour)
    palette = Image.fromarray(pixels).quantize()  # whose transparent colour is not in the mode's name
    assert fit_image(palette, 8, 3).equal(found)


@pytest.mark.parametrize("levels", [200, -1, 70_000])
def test_integers_whose_white_is_not_known_are_refused(levels):
    with pytest.raises(ValueError, match="pixels must be uint8, uint16"):
        fit_image(Image.fromarray(np.full((8, 8), levels, np.int32)), 8, 1)


def test_the_shorter_side_is_scaled_and_the_middle_kept():
    wide = np.zeros((16, 64, 3), np.uint8)
    wide[:, 24:40] = (255, 128, 0)
    found = fit_image(wide, 8, 3)
    assert found.shape == (3, 8, 8)
    expected = torch.tensor([255, 128, 0], dtype=torch.uint8)[:, None, None].expand(3, 8, 6)
    assert found[..., 1:-1].equal(expected)


def test_grey_is_the_luma_of_colours():
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]] * 3, np.uint8)
    found = fit_image(Image.fromarray(colours), 3, 1)[0, 0]
    assert found.tolist() == [round(255 * weight) for weight in (0.299, 0.587, 0.114)]  # ITU-R BT.601


@pytest.mark.parametrize(
    "image",
    [
        torch.full((1, 8, 8), 1.5),
        torch.full((1, 8, 8), -0.1),
        torch.full((1, 8, 8), torch.nan),
        torch.ones(1, 8, 8).int(),
    ],
)
def test_pixels_that_cannot_be_understood_are_refused(image):
    with pytest.raises(SettingError, match=r"^train=image 0: allowed: an image and its class \(pixels must be uint8"):
        read_images([(image, 0)], np.array([0]), 8, 1, "train")


@pytest.mark.parametrize("image", [torch.zeros(8, 8, 3), np.zeros((3, 8, 8), np.uint8), torch.zeros(5, 8, 8)])
def test_channels_where_another_axis_is_are_refused(image):
    with pytest.raises(ValueError, match=r"^a tensor is \[C, H, W\], an array \[H, W, C\], with 1 to 4 channels, not"):
        fit_image(image, 8, 3)


def test_images_are_read_in_the_order_requested():
    dataset = [(np.full((8, 8), value, np.uint8), value // 10) for value in range(0, 100, 10)]
    images, label = read_images(dataset, np.array([7, 0, 3]), 8, 1, "train")
    assert images[:, 0, 0, 0].tolist() == [70, 0, 30]
    assert label.tolist() == [7, 0, 3]
    assert (images.dtype, label.dtype, images.shape) == (torch.uint8, torch.int64, (3, 1, 8, 8))


def test_sizes_are_those_that_grow_by_doubling_from_4_to_7():
    expected = sorted({base * 2**level for base in (4, 5, 6, 7) for level in range(1, 6)} - {160, 192, 224})
    assert list(SIZES) == expected
    for size, channels in ((30, 3), (4, 3), (256, 1), ("32", 1), (32, 2), (32, None)):
        with pytest.raises(SettingError, match=r"^(size|channels)="):
            require_size(size, channels)
