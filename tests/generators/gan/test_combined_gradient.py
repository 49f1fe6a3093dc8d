import torch

from uqgen.generators.gan.combined_gradient import Energy, Enforced, bounded, combined_gradient


def test_a_gradient_within_its_bound_stays_and_a_longer_one_is_clipped():
    adversarial = torch.tensor([[3.0, 4.0], [0.0, 1.0], [0.0, 0.0]])
    guidance = torch.tensor([[0.6, 0.8], [10.0, 0.0], [1.0, 1.0]])
    expected = torch.tensor([[0.6, 0.8], [2.0, 0.0], [0.0, 0.0]])
    torch.testing.assert_close(bounded(guidance, adversarial, 2.0), expected)


def test_the_direction_is_kept_whatever_the_shape():
    guidance, adversarial = torch.randn(5, 1, 4, 4), 0.01 * torch.randn(5, 1, 4, 4)
    shortened = bounded(guidance, adversarial, 1.5)
    torch.testing.assert_close(torch.cosine_similarity(shortened.flatten(1), guidance.flatten(1)), torch.ones(5))
    torch.testing.assert_close(shortened.flatten(1).norm(dim=1), 1.5 * adversarial.flatten(1).norm(dim=1))


def test_no_gradient_is_no_gradient():
    assert bounded(torch.zeros(2, 3), torch.randn(2, 3), 1.0).eq(0).all()


def test_gradients_of_all_losses_are_as_long_as_they_may_be():
    fake, adversarial = torch.randn(4, 1, 2, 2, requires_grad=True), torch.randn(4, 1, 2, 2)
    enforced = Enforced(1_000 * fake.flatten(1).sum(dim=1), strength=0.5, bound=2)
    energies = [Energy(1e-3 * fake.sum(), 0.75)]
    lengths = adversarial.flatten(1).norm(dim=1)
    ones = torch.ones_like(adversarial) / 2  # of length 1
    expected = adversarial + 0.5 * 2 * lengths[:, None, None, None] * ones + 0.75 * lengths.mean() * ones
    torch.testing.assert_close(combined_gradient(fake, adversarial, enforced, energies), expected)
    assert combined_gradient(fake, adversarial).equal(adversarial)
