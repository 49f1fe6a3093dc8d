"""What was planted in a target is discovered, first and alone; of a target that nothing moves nothing is reported."""

import pytest
import torch
from known_generator import Patches, linear, subjects_of, viewers

from uqgen.explanation.discovery import sufficiency as module
from uqgen.explanation.discovery.discovery import discover

CORNER = 5  # the patch that gives the class away


def spot(channels, strength=12.0):
    """Sure of one class where the patch is dark, and of the other where it is bright."""
    return linear(strength * channels.patterns[CORNER] / channels.patterns[CORNER].sum(), bias=2.0)


@pytest.fixture(scope="module")
def discovered():
    channels = Patches()
    seen, blind = spot(channels), linear(torch.zeros(64), bias=1.0)
    return discover(subjects_of(channels, 120), viewers(spot(channels), seen=seen, blind=blind), n=6, n_resamples=100)


def test_the_channel_that_moves_the_score_is_found_and_no_other(discovered):
    (attribute,) = discovered.attributes
    assert [name[2:] for name in attribute.channels] == [f"patch {CORNER}"]
    assert attribute.effects.moved.value > 0.8
    assert (discovered.n_images, discovered.n_channels) == (60, 16)


def test_it_acts_where_it_was_planted(discovered):
    where = torch.zeros(8, 8)
    where[2:4, 2:4] = 1
    assert discovered.attributes[0].map.gt(0.01).equal(where.bool())


def test_more_of_it_is_more_of_its_name_and_the_steps_are_of_the_images_as_they_are(discovered):
    attribute = discovered.attributes[0]
    effects, steps = attribute.effects, attribute.steps
    assert attribute.goes_with == "brightness"
    assert (steps.x[:, 2] >= steps.x[:, 1]).all()
    assert attribute.channels[0][0] == "+"
    assert effects.more.value == pytest.approx(float((steps.score[:, 2] - steps.score[:, 1]).mean()), abs=1e-6)
    assert effects.changed_class.value > 0.2


def test_a_judge_that_sees_the_spot_follows_and_one_that_does_not_does_not(discovered):
    followed = discovered.attributes[0].effects.followed
    assert followed["seen"].value == pytest.approx(1)
    assert followed["blind"].value == pytest.approx(0)
    enough = discovered.sufficiency.followed
    assert enough["seen"].value == pytest.approx(1)
    assert enough["blind"].value == pytest.approx(0)


def test_it_suffices_to_make_sure_images_unsure_and_another_channel_does_not(discovered):
    enough = discovered.sufficiency
    assert enough.level == 0.75
    assert enough.n > 20
    assert enough.shares[0].value > 0.3
    assert enough.by_chance[0].value == 0


def test_by_chance_is_the_mean_of_several_draws(monkeypatch):
    channels, hits = Patches(), []

    def drawn(signs, draw, seed):
        hits.append(draw % 2)
        return signs if draw % 2 else [each.roll(1) for each in signs]

    monkeypatch.setattr(module, "_drawn", drawn)
    enough = discover(subjects_of(channels, 60), viewers(spot(channels)), n=1, n_resamples=20).sufficiency
    assert enough.by_chance[0].value == pytest.approx(enough.shares[0].value * sum(hits) / len(hits))
    assert 0 < sum(hits) < len(hits)


def test_a_target_that_nothing_moves_is_reported_nothing_of():
    found = discover(subjects_of(Patches(), 40), viewers(linear(torch.zeros(64), bias=3.0)), n=6, n_resamples=20)
    assert found.attributes == ()
    assert found.sufficiency.shares == ()
    assert found.results()["attributes"] == []


def test_brightness_is_ranked_first_and_called_by_its_name():
    everywhere = torch.full((1, 1, 8, 8), 0.15)
    brightness = linear(torch.full((64,), 8.0 / 64), bias=1.0)
    found = discover(subjects_of(Patches(extra=(everywhere,)), 120), viewers(brightness), n=3, n_resamples=100)
    first = found.attributes[0]
    assert first.channels == ("+ extra 0",)
    assert first.goes_with == "brightness"
    assert first.named["brightness"].correlation.value > 0.9


def test_channels_that_do_the_same_are_one_attribute():
    twin = -0.9 * Patches().patterns[CORNER : CORNER + 1]
    channels = Patches(extra=(twin,))
    found = discover(subjects_of(channels, 120), viewers(spot(channels)), n=6, n_resamples=20)
    (attribute,) = found.attributes
    signs = {name[2:]: name[0] for name in attribute.channels}
    assert signs.keys() == {f"patch {CORNER}", "extra 0"}
    assert signs[f"patch {CORNER}"] != signs["extra 0"]


def test_at_most_as_many_as_are_wanted():
    everything = linear(torch.randn(64, generator=torch.Generator().manual_seed(3)))
    assert len(discover(subjects_of(Patches(), 60), viewers(everything), n=2, n_resamples=20).attributes) == 2
