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


@pytest.mark.parametrize(
    ("batch_size", "world_size", "group"), [(2, 1, 1), (8, 1, 4), (24, 3, 4), (6, 3, 1), (4, 1, 4)]
)
def test_batches_of_whole_groups_on_every_device_are_taken(batch_size, world_size, group):
    GANTraining(n_images=100, batch_size=batch_size).check_batch(world_size, group)


@pytest.mark.parametrize(("batch_size", "world_size", "group"), [(8, 3, 1), (6, 1, 4), (2, 1, 4), (8, 4, 4)])
def test_other_batches_are_refused_with_what_they_are_to_be_a_multiple_of(batch_size, world_size, group):
    with pytest.raises(SettingError, match=f"^batch_size={batch_size}: allowed: a multiple of {world_size * group}"):
        GANTraining(n_images=100, batch_size=batch_size).check_batch(world_size, group)
