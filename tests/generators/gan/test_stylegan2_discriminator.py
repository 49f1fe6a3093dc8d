import pytest
import torch
from small_stylegan2 import parts, small_discriminator

from uqgen.generators.gan.stylegan2.discriminator import append_group_deviation


@pytest.fixture
def discriminator():
    return small_discriminator()


def test_group_deviation_has_a_closed_form():
    x = torch.randn(6, 2, 3, 5)
    found = append_group_deviation(x, 3)
    assert found.shape == (6, 3, 3, 5)
    assert found[:, :2].equal(x)
    for group in range(2):
        members = slice(3 * group, 3 * group + 3)
        expected = x[members].numpy().std(axis=0).mean()
        torch.testing.assert_close(found[members, 2], torch.full((3, 3, 5), float(expected)))


def test_group_deviation_of_equal_images_is_next_to_nothing():
    x = torch.randn(1, 2, 3, 3).expand(4, -1, -1, -1)
    assert append_group_deviation(x, 4)[:, 2].max() < 2e-4


def test_group_deviation_of_a_batch_smaller_than_a_group_is_that_of_the_batch():
    x = torch.randn(3, 2, 3, 3)
    assert append_group_deviation(x, 8).equal(append_group_deviation(x, 3))


def test_groups_do_not_mix(discriminator):
    x = torch.randn(8, 1, 16, 16)
    before = discriminator(x, parts(8))
    x[4:] = torch.randn(4, 1, 16, 16) * 3
    after = discriminator(x, parts(8))
    torch.testing.assert_close(after[:4], before[:4])
    assert not torch.isclose(after[4:], before[4:]).any()


def test_images_of_a_group_see_each_other(discriminator):
    x = torch.randn(4, 1, 16, 16)
    before = discriminator(x, parts(4))
    x[3] *= 10
    assert not torch.isclose(discriminator(x, parts(4))[:3], before[:3], rtol=1e-6, atol=1e-7).any()


@pytest.mark.parametrize("order", [[4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3], [3, 1, 0, 2, 4, 5, 6, 7, 11, 10, 9, 8]])
def test_permuting_groups_or_within_groups_permutes_the_logits(discriminator, order):
    x, condition = torch.randn(12, 1, 16, 16), parts(12)
    logits = discriminator(x, condition)
    permuted = discriminator(x[order], tuple(part[order] for part in condition))
    torch.testing.assert_close(permuted, logits[order], atol=1e-5, rtol=1e-5)


def test_the_condition_of_an_image_counts_for_its_own_logit_alone(discriminator):
    x, condition = torch.randn(4, 1, 16, 16), parts(4)
    before = discriminator(x, condition)
    for part in condition:
        changed = tuple(p.clone() for p in condition)
        for one, original in zip(changed, condition, strict=True):
            if original is part:
                one[2] = -one[2] + 0.1
        after = discriminator(x, changed)
        assert not torch.isclose(after[2], before[2])
        torch.testing.assert_close(after[[0, 1, 3]], before[[0, 1, 3]])


def test_the_logit_is_an_unconditional_one_and_a_projection(discriminator):
    # With the projection's weights at zero only its bias is left: the same direction for every condition.
    x = torch.randn(4, 1, 16, 16)
    with torch.no_grad():
        discriminator.project.weight.zero_()
        discriminator.project.bias.normal_()
    torch.testing.assert_close(discriminator(x, parts(4, 0)), discriminator(x, parts(4, 1)))
