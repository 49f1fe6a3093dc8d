import pytest
import torch

from uqgen.generators.flow.mlp import MLPVelocity
from uqgen.generators.flow.unet import ChannelNorm, UNet
from uqgen.settings import SettingError

PART_DIMS = (3, 2)


def parts(n: int) -> tuple[torch.Tensor, ...]:
    return tuple(torch.randn(n, width) for width in PART_DIMS)


def stirred(network: torch.nn.Module) -> torch.nn.Module:
    """With no weight at zero, so that nothing is without effect because it has not been trained."""
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    return network.double()


NETWORKS = [
    (lambda: UNet((2, 16, 16), PART_DIMS, channels=(8, 16), blocks=1, embedding=8), (2, 16, 16)),
    (lambda: UNet((1, 12, 12), PART_DIMS, channels=(8, 8), blocks=2, embedding=8, fold=1), (1, 12, 12)),
    (lambda: MLPVelocity((2,), PART_DIMS, hidden=8, depth=2), (2,)),
]


@pytest.fixture(params=NETWORKS, ids=["folded", "two blocks", "points"])
def network(request):
    make, shape = request.param
    return stirred(make()), shape


def told(n: int) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    return torch.rand(n).double(), tuple(part.double() for part in parts(n))


def test_a_velocity_has_the_shape_of_the_data_and_each_image_is_alone(network):
    velocity, shape = network
    x, (time, condition) = torch.randn(5, *shape).double(), told(5)
    v = velocity(x, time, condition)
    assert v.shape == x.shape
    assert v.dtype == torch.float32
    alone = velocity(x[2:3], time[2:3], tuple(part[2:3] for part in condition))
    torch.testing.assert_close(v[2:3], alone)


def test_time_and_condition_make_a_difference_and_a_withheld_condition_does_not(network):
    velocity, shape = network
    x, (time, condition), (_, other) = torch.randn(4, *shape).double(), told(4), told(4)
    v = velocity(x, time, condition)
    assert (velocity(x, 1 - time, condition) - v).abs().amax() > 1e-3
    assert (velocity(x, time, other) - v).abs().flatten(1).amax(dim=1).gt(1e-4).all()
    keep = torch.tensor([True, False, True, False])
    one, two = velocity(x, time, condition, keep), velocity(x, time, other, keep)
    torch.testing.assert_close(one[~keep], two[~keep])
    torch.testing.assert_close(one[keep], v[keep])


def test_an_untrained_velocity_is_the_same_for_all_images_but_learns_everywhere():
    network = UNet((1, 16, 16), PART_DIMS, channels=(8, 16), embedding=8)
    x, time = torch.randn(3, 1, 16, 16), torch.rand(3)
    assert torch.equal(network(x, time, parts(3)), network(x * 2, time, parts(3)))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(4):  # what begins at zero passes gradients on once what follows it has moved
        optimizer.zero_grad()
        (network(x, time, parts(3)) - x).square().mean().backward()
        optimizer.step()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in network.parameters())


def test_channel_norm_has_mean_0_and_variance_1_over_channels():
    y = ChannelNorm(16, elementwise_affine=False)(torch.randn(2, 16, 3, 3) * 5 + 2)
    torch.testing.assert_close(y.mean(dim=1), torch.zeros(2, 3, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(y.var(dim=1, correction=0), torch.ones(2, 3, 3), atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"channels": (8, 12)}, "multiples of 8"),
        ({"channels": ()}, "at most 4 numbers"),
        ({"channels": (8,) * 5}, "with fold=2 at most 4 numbers for 16 x 16"),
        ({"blocks": 0}, "blocks=0"),
        ({"embedding": 0}, "embedding=0"),
        ({"fold": 0}, "fold=0"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(SettingError, match=message):
        UNet((1, 16, 16), PART_DIMS, **settings)


def test_images_and_points_take_networks_of_their_own():
    with pytest.raises(SettingError, match="model=flow_mlp"):
        UNet((2,), PART_DIMS)
    with pytest.raises(SettingError, match="model=flow has"):
        MLPVelocity((1, 8, 8), PART_DIMS)
