import math

import pytest

from uqgen.gan.training import GANTraining
from uqgen.settings import SettingError


@pytest.mark.parametrize(
    "setting",
    [
        {"n_images": 0},
        {"batch_size": 1},
        {"learning_rate": 0},
        {"learning_rate": 2},
        {"beta1": 1},
        {"beta2": 1.0},
        {"loss": "least_squares"},
        {"penalty": "r2"},
        {"penalty_weight": -1},
        {"penalty_weight": math.nan},
        {"penalty_every": 0},
        {"path_length_weight": -2},
        {"style_mixing": 1.1},
        {"ema_half_life": -1},
        {"seed": -1},
    ],
)
def test_settings_out_of_range_are_refused(setting):
    (name,) = setting
    with pytest.raises(SettingError, match=f"^{name}=") as caught:
        GANTraining(**{"n_images": 100, **setting})
    assert "\n" not in str(caught.value)


def test_unknown_losses_and_penalties_are_refused_with_those_there_are():
    with pytest.raises(SettingError, match=r"hinge, non_saturating, wasserstein$"):
        GANTraining(n_images=100, loss="adversarial")
    with pytest.raises(SettingError, match=r"gradient_penalty, r1$"):
        GANTraining(n_images=100, penalty="none")


def test_settings_at_the_ends_of_their_ranges_are_taken():
    settings = {"beta1": 0, "penalty_weight": 0, "style_mixing": 1, "ema_half_life": 0, "batch_size": 2}
    training = GANTraining(n_images=1, **settings)
    assert {name: getattr(training, name) for name in settings} == settings
