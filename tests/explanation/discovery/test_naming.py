import numpy as np
import torch

from uqgen.explanation.discovery.naming import best_name, name_steps


def strokes(columns):
    """Images 3 x 16 x 16 in uint8 of upright strokes of these widths, less, as is and more."""
    x = torch.zeros(len(columns), 3, 1, 16, 16, dtype=torch.uint8)
    for image, widths in enumerate(columns):
        for step, width in enumerate(widths):
            x[image, step, 0, 2:14, 8 - width // 2 : 8 - width // 2 + width] = 200
    return x


def test_a_step_that_thickens_strokes_goes_with_their_thickness():
    rng = np.random.default_rng(0)
    middle = rng.integers(4, 8, 20)
    named = name_steps(strokes([(n - 2, n, n + 2) for n in middle]), n_resamples=100, seed=0)
    thick = named["stroke thickness"]
    assert thick.correlation.value > 0.95
    assert thick.counts
    assert thick.change > 0.5
    assert not named["height"].counts
    assert best_name(named) in ("stroke thickness", "width", "area", "brightness")  # which are one for a bar


def test_the_correlation_is_that_of_step_and_change():
    x = strokes([(4, 4, 6), (6, 4, 4), (4, 4, 4)])
    found = name_steps(x, n_resamples=10, seed=0)["width"]
    change = np.array([[0, 2.0], [2.0, 0], [0, 0]])
    expected = (change[:, 1] - change[:, 0]).sum() / np.sqrt(6 * (change**2).sum())
    assert np.isclose(found.correlation.value, expected)


def test_a_step_that_changes_nothing_has_no_name():
    named = name_steps(strokes([(4, 4, 4), (6, 6, 6)]), n_resamples=10, seed=0)
    assert best_name(named) is None
    assert all(found.correlation.value == 0 for found in named.values())
