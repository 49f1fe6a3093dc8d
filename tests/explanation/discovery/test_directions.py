import pytest
import torch
from known_generator import Patches, linear, subjects_of, viewers

from uqgen.explanation.discovery.directions import channel_effects, choose_directions, merge
from uqgen.explanation.discovery.subjects import STEP


def test_the_effect_of_a_channel_is_its_slope_times_its_spread():
    subjects = subjects_of(Patches(), 40)
    weight = torch.randn(64, generator=torch.Generator().manual_seed(3)) / 10
    weight.view(8, 8)[2:4, 2:4] = 0  # nothing hangs on patch 5
    score, choice = channel_effects(subjects, viewers(linear(weight)))
    slope = (subjects.channels.patterns.flatten(1) @ weight).abs()  # of the log-odds between the two classes
    torch.testing.assert_close(choice, (subjects.spread * slope).mean(dim=0))
    p = viewers(linear(weight)).target(subjects.decode(torch.zeros(40, 16))).softmax(dim=1)[:, 0]
    torch.testing.assert_close(score, ((p * (1 - p))[:, None] * subjects.spread * slope).mean(dim=0))
    assert score[5] == choice[5] == 0


def test_what_does_the_same_is_one_group_with_signs():
    a, b = torch.tensor([1.0, 0, 0]), torch.tensor([0, 1.0, 0])
    assert merge([a, b, -2 * a, 0.1 * a + b]) == [{0: 1.0, 2: -1.0}, {1: 1.0, 3: 1.0}]
    assert merge([]) == []


def test_what_changes_nothing_leads_a_group_of_its_own():
    assert merge([torch.zeros(3), torch.ones(3)]) == [{0: 1.0}, {1: 1.0}]


def test_directions_are_chosen_for_the_images_that_are_left():
    change = torch.zeros(4, 100)
    change[0, :60] = 0.5
    change[1, :55] = 0.45  # moves what 0 has moved
    change[2, 60:90] = 0.2
    change[3, :3] = 0.9  # moves too few
    assert choose_directions(change, moved_by=0.1, n=6) == [0, 2, 1]
    assert choose_directions(change, moved_by=0.1, n=2) == [0, 2]
    assert choose_directions(change, moved_by=0.6, n=6) == []


def test_once_every_image_is_moved_all_count_again():
    change = torch.tensor([[0.5, 0.5], [0.2, 0.3], [0.4, 0.0]])
    assert choose_directions(change, moved_by=0.1, n=3) == [0, 1, 2]


@pytest.mark.parametrize("sign", [-1, 1])
def test_channels_are_moved_together_as_far_as_their_sum_varies(sign):
    subjects = subjects_of(Patches(), 5)
    subjects.neighbours[:, :, 1] = sign * 3 * subjects.neighbours[:, :, 0]  # as one
    direction = torch.zeros(16)
    direction[0], direction[1] = 1, sign
    step = subjects.step_along(direction)
    torch.testing.assert_close(step, STEP * direction * subjects.spread)
    against = subjects.step_along(direction * torch.tensor([1.0, -1] + 14 * [1]))
    torch.testing.assert_close(against, torch.zeros_like(against), rtol=0, atol=1e-5)
