import math

import pytest

from uqgen.generators.gan.training import GANTraining
from uqgen.settings import SettingError


@pytest.mark.parametrize(
    "setting",
    [
        {"n_images": 0},
        {"batch_size": 1},
        {"learning_rate": 0},
        {"learning_rate": 2},
        {"decay": 1.1},
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
    with pytest.raises(SettingError, match=r"hinge, non_saturating, relativistic, wasserstein$"):
        GANTraining(n_images=100, loss="adversarial")
    with pytest.raises(SettingError, match=r"gradient_penalty, r1, r1_r2$"):
        GANTraining(n_images=100, penalty="none")


def test_a_loss_without_a_slope_at_sure_fakes_needs_a_pass_for_each_network():
    assert GANTraining(n_images=100, loss="relativistic", one_pass=True)
    with pytest.raises(SettingError, match=r"^one_pass=True: allowed: false with the hinge loss"):
        GANTraining(n_images=100, loss="hinge", one_pass=True)


def test_images_of_an_energy_score_come_in_pairs():
    settings = GANTraining(n_images=100, batch_size=9, energy=0.5)
    with pytest.raises(SettingError, match=r"^batch_size=9: allowed: a multiple of 6: groups of 2 images on 3 device"):
        settings.check_batch(3, group=1)
    GANTraining(n_images=100, batch_size=12, energy=0.5).check_batch(3, group=1)
    GANTraining(n_images=100, batch_size=9).check_batch(3, group=1)


def test_a_penalty_on_fakes_needs_them_under_the_conditions_of_real_images():
    assert GANTraining(n_images=100, loss="relativistic", penalty="r1_r2")
    with pytest.raises(SettingError, match=r"^penalty=r1_r2: allowed: r1 "):
        GANTraining(n_images=100, penalty="r1_r2")


def test_settings_at_the_ends_of_their_ranges_are_taken():
    settings = {"beta1": 0, "penalty_weight": 0, "style_mixing": 1, "ema_half_life": 0, "batch_size": 2}
    training = GANTraining(n_images=1, **settings)
    assert {name: getattr(training, name) for name in settings} == settings


@pytest.mark.parametrize(("n_images", "rate"), [(0, 0.1), (50, 0.1), (60, 0.1), (80, 0.05), (99, 0.0025), (100, 0)])
def test_the_learning_rate_falls_linearly_to_nothing_over_the_last_share_of_the_images(n_images, rate):
    training = GANTraining(n_images=100, learning_rate=0.1, decay=0.4)
    assert training.learning_rate_after(n_images) == pytest.approx(rate)


@pytest.mark.parametrize("n_images", [0, 99, 100])
def test_without_decay_it_stays(n_images):
    assert GANTraining(n_images=100, learning_rate=0.1).learning_rate_after(n_images) == 0.1


@pytest.mark.parametrize(
    ("batch_size", "world_size", "group"), [(2, 1, 1), (8, 1, 4), (24, 3, 4), (6, 3, 1), (4, 1, 4)]
)
def test_batches_of_whole_groups_on_every_device_are_taken(batch_size, world_size, group):
    GANTraining(n_images=100, batch_size=batch_size).check_batch(world_size, group)


@pytest.mark.parametrize(("batch_size", "world_size", "group"), [(8, 3, 1), (6, 1, 4), (2, 1, 4), (8, 4, 4)])
def test_other_batches_are_refused_with_what_they_are_to_be_a_multiple_of(batch_size, world_size, group):
    with pytest.raises(SettingError, match=f"^batch_size={batch_size}: allowed: a multiple of {world_size * group}"):
        GANTraining(n_images=100, batch_size=batch_size).check_batch(world_size, group)
