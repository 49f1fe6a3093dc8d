import torch

from uqgen.data.labelled import to_uint8, unit_range
from uqgen.explanation.edits import pixel_distance
from uqgen.explanation.pixel_editing import edit_pixels
from uqgen.scores import get_score

MSP = get_score("msp")


def test_a_linear_classifier_is_moved_along_its_weights_by_the_distance_there_is(linear):
    direction = linear.network[1].weight[0]
    x = unit_range(to_uint8(0.1 * torch.randn(4, 1, 8, 8) + torch.tensor([0.05, 0.1, -0.05, -0.1]).view(4, 1, 1, 1)))
    own = linear(x).softmax(dim=1).amax(dim=1)
    requested, label = torch.tensor([0.55, 0.9]), torch.zeros(4, dtype=torch.int64)
    edits = edit_pixels(x, label, linear, MSP, requested, tolerance=0.01, n_steps=100)
    assert (edits.score_out - requested).abs().max() <= 0.01
    # Half the difference of the logits is direction . x, so the MSP's log-odds are 2 |direction . x|.
    shortest = (torch.logit(edits.score_out) - torch.logit(own)[:, None]).abs() / (2 * direction.norm())
    moved = 2 * pixel_distance(edits.x, to_uint8(x)[:, None])
    torch.testing.assert_close(moved, shortest, rtol=0.05, atol=0.02)  # but for the rounding to 256 levels


def test_a_classifier_that_is_sure_beyond_what_floats_tell_is_moved_too(linear):
    direction = linear.network[1].weight[0].detach()
    x = (direction / direction.abs().max()).view(1, 1, 8, 8)
    with torch.no_grad():
        linear.network[1].weight.mul_(3.5)
    label = torch.zeros(1, dtype=torch.int64)
    assert MSP(linear(x), label) == 1
    edits = edit_pixels(x, label, linear, MSP, torch.tensor([0.6]), tolerance=0.05, n_steps=200)
    torch.testing.assert_close(edits.score_out, torch.tensor([[0.6]]), rtol=0, atol=0.05)


def test_an_image_that_has_its_score_is_left_alone(linear):
    x = unit_range(torch.randint(0, 256, (1, 1, 8, 8), dtype=torch.uint8))
    own = linear(x).softmax(dim=1).amax(dim=1)
    edits = edit_pixels(x, torch.zeros(1, dtype=torch.int64), linear, MSP, own, tolerance=1e-4, n_steps=5)
    assert edits.x[0, 0].equal(to_uint8(x)[0])
