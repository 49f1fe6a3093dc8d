import numpy as np
import pytest
import torch
from scipy import integrate, stats
from torchvision.transforms.functional import gaussian_blur

from uqgen.data.corruption import BLUR_SIGMA, CORRUPTIONS, NOISE_SIGMA, Corruption
from uqgen.settings import SettingError

NOISE, BLUR = 1, 2
RNG = np.random.default_rng(0)
PHOTOS = RNG.integers(0, 256, (60, 9, 7), dtype=np.uint8)
DOTS = np.zeros((20_000, 1, 1), dtype=np.uint8)  # enough to count kinds by, at no cost


def whole_files(images, corruption, stream=0):
    return corruption(images, np.arange(len(images)), stream)


def test_kinds_are_the_papers():
    assert CORRUPTIONS == ("none", "gaussian noise", "gaussian blur")


def test_an_image_is_corrupted_alike_in_any_order_and_company():
    corrupt = Corruption(seed=3)
    whole = whole_files(PHOTOS, corrupt)
    for chosen in (RNG.permutation(60), np.array([59]), np.array([7, 3, 41]), np.arange(10, 20), np.array([], int)):
        part = corrupt(PHOTOS[chosen], chosen, 0)
        for of_part, of_whole in zip(part, whole, strict=True):
            np.testing.assert_array_equal(of_part, of_whole[chosen])


def test_an_image_is_corrupted_alike_when_it_comes_twice():
    twice = Corruption(share=1)(PHOTOS[[5, 5, 6, 6]], np.array([5, 5, 6, 6]), 0)
    np.testing.assert_array_equal(twice.images[::2], twice.images[1::2])


def test_noise_belongs_to_the_index_and_not_to_the_image():
    grey = np.full((30, 8, 8), 127, np.uint8)
    noisy = whole_files(grey, Corruption(share=1)).images[whole_files(grey, Corruption(share=1)).corruption == NOISE]
    assert len(np.unique(noisy.reshape(len(noisy), -1), axis=0)) == len(noisy) > 5


@pytest.mark.parametrize("changed", [{"seed": 4}, {"stream": 1}])
def test_another_seed_and_another_file_have_their_own_corruptions(changed):
    corrupt, other = Corruption(seed=3), Corruption(seed=changed.get("seed", 3))
    dots, others = whole_files(DOTS, corrupt), whole_files(DOTS, other, changed.get("stream", 0))
    # Independent draws agree by chance alone: 1/4 + 1/16 + 1/16 of the kinds, and 1/5 of the severities.
    assert np.mean(dots.corruption == others.corruption) == pytest.approx(3 / 8, abs=0.01)
    both = (dots.corruption > 0) & (others.corruption > 0)
    assert np.mean(dots.severity[both] == others.severity[both]) == pytest.approx(1 / 5, abs=0.015)

    grey = np.full((200, 8, 8), 127, np.uint8)
    first, second = whole_files(grey, corrupt), whole_files(grey, other, changed.get("stream", 0))
    noise = [whole.images.astype(float) - 127 for whole in (first, second)]
    both_noisy = (first.corruption == NOISE) & (second.corruption == NOISE)
    assert both_noisy.any()
    correlation = np.corrcoef(noise[0][both_noisy].ravel(), noise[1][both_noisy].ravel())[0, 1]
    assert abs(correlation) < 4 / np.sqrt(noise[0][both_noisy].size)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 1])
def test_share_kinds_and_severities_are_those_requested(share):
    _images, corruption, severity = whole_files(DOTS, Corruption(share=share, seed=1))

    def expect(count, n, probability):
        assert abs(count - n * probability) <= 4 * np.sqrt(n * probability * (1 - probability))

    n_corrupted = np.count_nonzero(corruption)
    expect(n_corrupted, len(DOTS), share)
    expect(np.count_nonzero(corruption == NOISE), n_corrupted, 1 / 2)
    for kind in (NOISE, BLUR):
        levels = severity[corruption == kind]
        for level in range(1, 6):
            expect(np.count_nonzero(levels == level), len(levels), 1 / 5)


def test_metadata_say_what_was_done():
    images, corruption, severity = whole_files(PHOTOS, Corruption())
    assert (images.dtype, images.shape) == (np.uint8, PHOTOS.shape)
    assert corruption.dtype == severity.dtype == np.int64
    assert set(corruption) == {0, NOISE, BLUR}
    np.testing.assert_array_equal(corruption > 0, severity > 0)
    assert severity.max() == 5
    changed = (images != PHOTOS).any(axis=(1, 2))
    np.testing.assert_array_equal(changed, corruption > 0)


def test_what_is_given_is_left_alone():
    before = PHOTOS.copy()
    whole_files(PHOTOS, Corruption(share=1))
    np.testing.assert_array_equal(PHOTOS, before)


def deviation_after_clipping(grey, sigma):
    """Standard deviation of clip(grey + sigma Z, 0, 1), rounded to 256 levels (Sheppard's recalibration)."""

    def moment(power):
        def integrand(z):
            return np.clip(grey + sigma * z, 0, 1) ** power * stats.norm.pdf(z)

        corners = [-grey / sigma, (1 - grey) / sigma]
        return integrate.quad(integrand, -9, 9, points=corners, limit=200)[0]

    return np.sqrt(moment(2) - moment(1) ** 2 + 1 / (12 * 255**2))


WEAK_NOISE = (0.08, 0.12, 0.18, 0.26, 0.38)  # that hardly clips


@pytest.mark.parametrize(
    ("sigmas", "level"), [(sigmas, level) for sigmas in (NOISE_SIGMA, WEAK_NOISE) for level in range(1, 6)]
)
def test_noise_has_the_deviation_of_its_severity(sigmas, level):
    grey, sigma = np.full((1000, 16, 16), 127, np.uint8), sigmas[level - 1]
    images, corruption, severity = whole_files(grey, Corruption(share=1, noise_sigma=sigmas, seed=2))
    noisy = images[(corruption == NOISE) & (severity == level)] / 255
    expected = deviation_after_clipping(127 / 255, sigma)
    assert noisy.std() == pytest.approx(expected, rel=0.015)
    assert noisy.mean() == pytest.approx(127 / 255, abs=0.005)
    if sigma <= 0.12:  # four deviations from the ends, there is nothing to clip
        assert noisy.std() == pytest.approx(sigma, rel=0.015)


def test_noise_differs_from_pixel_to_pixel():
    grey = np.full((400, 16, 16), 127, np.uint8)
    images, corruption, severity = whole_files(grey, Corruption(share=1, noise_sigma=WEAK_NOISE))
    weak = images[(corruption == NOISE) & (severity <= 2)].astype(float) - 127
    for neighbours in ((weak[:, 1:], weak[:, :-1]), (weak[:, :, 1:], weak[:, :, :-1])):
        assert abs(np.corrcoef(neighbours[0].ravel(), neighbours[1].ravel())[0, 1]) < 0.03


@pytest.mark.parametrize(("level", "sigma"), list(enumerate(BLUR_SIGMA, start=1)))
def test_blur_is_torchvisions_gaussian(level, sigma):
    photos = RNG.integers(0, 256, (100, 20, 20), dtype=np.uint8)
    images, corruption, severity = whole_files(photos, Corruption(share=1))
    chosen = (corruption == BLUR) & (severity == level)
    assert chosen.any()
    # The border repeats its outermost pixels; torchvision would mirror them, so it is given the border ready-made.
    radius = int(4 * sigma + 0.5)
    extended = np.pad(photos[chosen], ((0, 0), (radius, radius), (radius, radius)), mode="edge")
    blurred = gaussian_blur(torch.from_numpy(extended / 255), 2 * radius + 1, sigma)
    expected = 255 * blurred[:, radius:-radius, radius:-radius].numpy()
    assert np.abs(images[chosen] - expected).max() < 0.51


def test_channels_get_the_same_blur_and_noise_of_their_own():
    colour = RNG.integers(0, 256, (200, 3, 9, 7), dtype=np.uint8)
    colour[1::2] = 127
    corrupt, index = Corruption(share=1, noise_sigma=WEAK_NOISE), np.arange(200)
    images, corruption, severity = corrupt(colour, index, 0)
    for channel in range(3):
        alone = corrupt(colour[:, channel], index, 0)
        np.testing.assert_array_equal(alone.corruption, corruption)
        np.testing.assert_array_equal(alone.severity, severity)
        np.testing.assert_array_equal(alone.images[corruption == BLUR], images[corruption == BLUR, channel])
    noise = images[(corruption == NOISE) & (severity <= 2) & (index % 2 == 1)].astype(float) - 127
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert abs(np.corrcoef(noise[:, one].ravel(), noise[:, other].ravel())[0, 1]) < 0.1


def test_blur_does_not_leak_from_one_image_to_the_next():
    photos = np.zeros((40, 8, 8), np.uint8)
    photos[::2] = 255
    images, corruption, _severity = whole_files(photos, Corruption(share=1))
    blurred = corruption == BLUR
    np.testing.assert_array_equal(images[blurred], photos[blurred])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("share", -0.01),
        ("share", 1.01),
        ("share", "half"),
        ("seed", -1),
        ("seed", 0.5),
        ("noise_sigma", (0.1, 0.2, 0.3, 0.4)),
        ("noise_sigma", (0.1, 0.2, 0.3, 0.4, 0)),
        ("blur_sigma", (1, 2, 3, 4, -5)),
        ("blur_sigma", (1, 2, 3, 4, float("nan"))),
        ("blur_sigma", (1, 2, 3, 4, "5")),
        ("blur_sigma", ()),
    ],
)
def test_settings_out_of_range_are_refused(name, value):
    with pytest.raises(SettingError, match=f"^{name}="):
        Corruption(**{name: value})
