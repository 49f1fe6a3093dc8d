import pytest
import torch
from torch import nn

from uqgen.generators.gan.penalties import PENALTIES, gradient_penalty, path_lengths, r1, r1_r2

SHAPE = (2, 3, 4)  # of an image: channels, height, width
DIM = 24


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def linear():
    """x -> <w, x>, whose gradient is w everywhere."""
    w = torch.randn(DIM, requires_grad=True)
    return w, lambda x: x.flatten(1) @ w


@pytest.fixture
def images():
    return torch.randn(6, *SHAPE), torch.randn(6, *SHAPE)


def test_every_penalty_is_tested_here():
    assert {"r1": r1, "r1_r2": r1_r2, "gradient_penalty": gradient_penalty} == PENALTIES


def test_r1_of_a_linear_critic_is_half_the_squared_norm(linear, images):
    w, critic = linear
    penalty = r1(critic, *images, rng())
    assert penalty.item() == pytest.approx(w.square().sum().item() / 2, rel=1e-6)
    (gradient,) = torch.autograd.grad(penalty, w)
    torch.testing.assert_close(gradient, w.detach())


def test_r1_is_taken_at_the_real_images_alone(images):
    real, fake = images
    # The gradient of |x|^2 / 2 is x.
    found = r1(lambda x: x.flatten(1).square().sum(dim=1) / 2, real, fake, rng())
    assert found.item() == pytest.approx(real.flatten(1).square().sum(dim=1).mean().item() / 2, rel=1e-6)


def test_r1_r2_is_taken_at_real_and_at_generated_images(images):
    real, fake = images
    found = r1_r2(lambda x: x.flatten(1).square().sum(dim=1) / 2, real, fake, rng())
    lengths = torch.cat([real, fake]).flatten(1).square().sum(dim=1)
    assert found.item() == pytest.approx(lengths.sum().item() / 2 / len(real), rel=1e-6)


def test_gradient_penalty_of_a_linear_critic_is_the_squared_distance_of_the_norm_from_1(linear, images):
    w, critic = linear
    penalty = gradient_penalty(critic, *images, rng())
    norm = w.detach().norm()
    assert penalty.item() == pytest.approx((norm - 1).square().item(), rel=1e-5)
    (gradient,) = torch.autograd.grad(penalty, w)
    torch.testing.assert_close(gradient, 2 * (norm - 1) * w.detach() / norm)


def test_gradient_penalty_of_a_slope_of_1_is_nothing(images):
    w = torch.zeros(DIM).index_fill(0, torch.tensor([5]), 1.0)
    assert gradient_penalty(lambda x: x.flatten(1) @ w, *images, rng()).item() == pytest.approx(0, abs=1e-10)


def test_gradient_penalty_of_a_flat_critic_is_1_and_its_gradient_finite(images):
    w = torch.zeros(DIM, requires_grad=True)
    penalty = gradient_penalty(lambda x: x.flatten(1) @ w, *images, rng())
    assert penalty.item() == pytest.approx(1, abs=1e-5)
    penalty.backward()
    assert w.grad.isfinite().all()


def test_gradient_penalty_is_taken_between_each_real_image_and_its_fake():
    real, fake = torch.randn(4000, *SHAPE), torch.randn(4000, *SHAPE)
    seen = []

    def critic(x):
        seen.append(x.detach())
        return x.flatten(1).sum(dim=1)

    gradient_penalty(critic, real, fake, rng())
    share = ((seen[0] - real) / (fake - real)).flatten(1).median(dim=1).values
    torch.testing.assert_close(seen[0], real + share[:, None, None, None] * (fake - real), atol=1e-3, rtol=1e-3)
    assert (torch.histc(share, 5, 0, 1) / 4000).tolist() == pytest.approx([0.2] * 5, abs=0.025)


def test_gradient_penalty_follows_its_generator(images):
    def critic(x):
        return x.flatten(1).square().sum(dim=1)

    first, again, other = (gradient_penalty(critic, *images, rng(seed)).item() for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(
    ("name", "of_norms"),
    [("r1", lambda n: n.square().mean() / 2), ("gradient_penalty", lambda n: (n - 1).square().mean())],
)
def test_gradients_of_a_penalty_with_respect_to_the_weights(name, of_norms, images):
    # The gradient of c |x|^2 / 2 is c x, so the penalty and its derivative by c follow from the norms of c x.
    c = torch.tensor(0.3, requires_grad=True)
    seen = []

    def critic(x):
        seen.append(x.detach())
        return c * x.flatten(1).square().sum(dim=1) / 2

    (found,) = torch.autograd.grad(PENALTIES[name](critic, *images, rng()), c)
    (expected,) = torch.autograd.grad(of_norms(c * seen[0].flatten(1).norm(dim=1)), c)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_leave_no_gradient_in_the_images(name, images, linear):
    real, fake = (x.requires_grad_(True) for x in images)
    PENALTIES[name](linear[1], real, fake, rng()).backward()
    assert real.grad is None


@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_are_computed_in_fp32_under_autocast(name, images):
    critic = nn.Sequential(nn.Flatten(), nn.Linear(DIM, 5), nn.Tanh(), nn.Linear(5, 1))
    expected = PENALTIES[name](lambda x: critic(x).squeeze(1), *images, rng())
    with torch.autocast("cpu", torch.bfloat16):
        found = PENALTIES[name](lambda x: critic(x).squeeze(1), *images, rng())
    assert found.dtype == torch.float32
    assert found.item() == expected.item()


def test_path_lengths_of_a_linear_generator():
    # One matrix A for each of two layers; the gradient of <image, y> by the layer's w is A^T y.
    n, d, (_c, h, w) = 5, 7, SHAPE
    matrices = torch.randn(2, DIM, d)
    latent = torch.randn(2, n, d, requires_grad=True)
    images = torch.einsum("lpd,lnd->np", matrices, latent).reshape(n, *SHAPE)
    direction = torch.randn(n, *SHAPE)
    products = torch.einsum("lpd,np->lnd", matrices, direction.flatten(1))
    expected = (products.square().sum(dim=2).mean(dim=0) / (h * w)).sqrt()
    torch.testing.assert_close(path_lengths(images, latent, direction), expected)


def test_path_lengths_of_an_isometry_do_not_depend_on_the_number_of_pixels():
    # Nearest upsampling copies each w to s x s pixels: J J^T has s^2 in blocks, and E |J^T y|^2 = D s^2.
    for size in (2, 8):
        latent = torch.randn(1, 3000, 4, requires_grad=True)
        images = latent[0].reshape(3000, 4, 1, 1).expand(-1, -1, size, size)
        lengths = path_lengths(images, latent, torch.randn(3000, 4, size, size))
        assert lengths.square().mean().item() == pytest.approx(4, rel=0.08)


def test_path_lengths_are_differentiable_with_respect_to_the_generator():
    matrix = torch.randn(DIM, 3, dtype=torch.float64, requires_grad=True)
    latent = torch.randn(1, 4, 3, dtype=torch.float64, requires_grad=True)
    direction = torch.randn(4, *SHAPE, dtype=torch.float64)

    def lengths(value):
        return path_lengths((latent[0] @ value.T).tanh().reshape(4, *SHAPE), latent, direction)

    assert torch.autograd.gradcheck(lengths, (matrix,))
