import math

import pytest
import torch
import torch.nn.functional as F

from uqgen.generators.layers import (
    EqualisedConv,
    EqualisedLinear,
    ModulatedConv,
    activate,
    normalise_second_moment,
    upsample,
)

# Of a standard normal number after a leaky ReLU of slope 0.2 with gain sqrt(2): half of 1 and half of 0.04, doubled.
ACTIVATED_SECOND_MOMENT = 1.04


def second_moment(x):
    return x.square().mean().item()


def gradients(y, inputs):
    weights = torch.randn(y.shape, generator=torch.Generator().manual_seed(1))
    return torch.autograd.grad((y * weights).sum(), inputs)


def test_activation_is_a_leaky_relu():
    assert activate(torch.tensor([-2.0, 0.0, 3.0])).tolist() == pytest.approx([-0.4, 0, 3])


def test_rows_are_scaled_to_mean_square_one():
    x = torch.randn(5, 7) * torch.tensor([1e-2, 1.0, 5.0, 100.0, 1.0])[:, None]
    y = normalise_second_moment(x)
    torch.testing.assert_close(y.square().mean(dim=1), torch.ones(5), atol=2e-4, rtol=0)
    torch.testing.assert_close(F.cosine_similarity(x, y), torch.ones(5))
    assert normalise_second_moment(torch.zeros(2, 3)).tolist() == [[0] * 3] * 2


def test_upsampling_is_bilinear_between_pixel_centres():
    x = torch.tensor([[[[0.0, 4.0], [8.0, 12.0]]]])
    row = torch.tensor([0.0, 1.0, 3.0, 4.0])
    assert upsample(x)[0, 0].equal(row[None, :] + 2 * row[:, None])
    flat = torch.full((2, 3, 5, 5), 0.7)
    torch.testing.assert_close(upsample(flat), torch.full((2, 3, 10, 10), 0.7))


@pytest.mark.parametrize("activation", [False, True])
@pytest.mark.parametrize("lr_multiplier", [1.0, 0.01])
def test_linear_is_the_textbooks(activation, lr_multiplier):
    layer = EqualisedLinear(6, 4, bias_init=0.5, activation=activation, lr_multiplier=lr_multiplier)
    x = torch.randn(5, 6)
    expected = x @ (layer.weight * lr_multiplier / math.sqrt(6)).T + 0.5
    expected = F.leaky_relu(expected, 0.2) * math.sqrt(2) if activation else expected
    torch.testing.assert_close(layer(x), expected)


@pytest.mark.parametrize("activation", [False, True])
@pytest.mark.parametrize("lr_multiplier", [1.0, 0.01])
def test_linear_keeps_the_scale_at_the_start_whatever_its_learning_rate(activation, lr_multiplier):
    layer = EqualisedLinear(256, 300, activation=activation, lr_multiplier=lr_multiplier)
    expected = ACTIVATED_SECOND_MOMENT if activation else 1.0
    assert second_moment(layer(torch.randn(500, 256))) == pytest.approx(expected, rel=0.02)


def test_learning_rate_multiplier_scales_what_a_step_of_the_optimiser_changes():
    x, changes = torch.randn(5, 6), []
    for lr_multiplier in (1.0, 0.01):
        layer = EqualisedLinear(6, 4, lr_multiplier=lr_multiplier)
        before = layer(x)
        with torch.no_grad():
            layer.weight += 0.3
            layer.bias += 0.2
        changes.append(layer(x) - before)
    torch.testing.assert_close(changes[1], 0.01 * changes[0], atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("activation", [False, True])
def test_convolution_is_the_textbooks(kernel, activation):
    layer = EqualisedConv(3, 4, kernel, activation=activation)
    with torch.no_grad():
        layer.bias.normal_()
    x = torch.randn(2, 3, 6, 5)
    expected = F.conv2d(x, layer.weight / math.sqrt(3 * kernel**2), layer.bias, padding=kernel // 2)
    expected = F.leaky_relu(expected, 0.2) * math.sqrt(2) if activation else expected
    torch.testing.assert_close(layer(x), expected)


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("activation", [False, True])
def test_convolution_keeps_the_scale_at_the_start(kernel, activation):
    layer = EqualisedConv(32, 200, kernel, activation=activation)
    inside = layer(torch.randn(40, 32, 8, 8))[:, :, 1:-1, 1:-1]
    assert second_moment(inside) == pytest.approx(ACTIVATED_SECOND_MOMENT if activation else 1.0, rel=0.03)


def test_convolution_without_bias_has_none():
    layer = EqualisedConv(3, 4, 1, activation=False, bias=False)
    assert [name for name, _ in layer.named_parameters()] == ["weight"]
    assert not layer(torch.zeros(1, 3, 4, 4)).any()


def textbook(layer, x, w, gain):
    """StyleGAN2's own way: a kernel for every sample, modulated (equation 1), demodulated (equation 3), in groups."""
    n, in_channels, height, width = x.shape
    out_channels, _, kernel, _ = layer.weight.shape
    style = F.linear(w, layer.affine.weight / math.sqrt(w.shape[1]), layer.affine.bias)
    kernels = style[:, None, :, None, None] * layer.weight / math.sqrt(in_channels * kernel**2)
    if layer.demodulate:
        kernels = kernels / (kernels.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).sqrt()
    kernels = kernels.reshape(n * out_channels, in_channels, kernel, kernel)
    y = F.conv2d(x.reshape(1, n * in_channels, height, width), kernels, padding=kernel // 2, groups=n)
    return gain * y.reshape(n, out_channels, height, width)


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize("gain", [1.0, math.sqrt(2)])
def test_modulated_convolution_is_the_grouped_one_in_values_and_gradients(kernel, demodulate, gain):
    layer = ModulatedConv(5, 4, kernel, w_dim=6, demodulate=demodulate)
    with torch.no_grad():
        layer.affine.bias.normal_()
    x, w = torch.randn(3, 5, 7, 6, requires_grad=True), torch.randn(3, 6, requires_grad=True)
    found, expected = layer(x, layer.style(w), gain), textbook(layer, x, w, gain)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    inputs = [x, w, *layer.parameters()]
    for of_ours, of_textbook in zip(gradients(found, inputs), gradients(expected, inputs), strict=True):
        torch.testing.assert_close(of_ours, of_textbook, atol=1e-4, rtol=1e-3)


def test_modulated_convolution_has_unit_scale_whatever_the_style():
    layer = ModulatedConv(64, 64, 3, w_dim=6)
    for scale in (0.1, 1.0, 30.0):
        inside = layer(torch.randn(40, 64, 8, 8), layer.style(torch.randn(40, 6) * scale))[:, :, 1:-1, 1:-1]
        assert second_moment(inside) == pytest.approx(1, rel=0.1)


def test_modulated_convolution_starts_from_style_one():
    layer = ModulatedConv(5, 4, 3, w_dim=6, demodulate=False)
    x = torch.randn(2, 5, 6, 6)
    torch.testing.assert_close(
        layer(x, layer.style(torch.zeros(2, 6))), F.conv2d(x, layer.weight / math.sqrt(45), padding=1)
    )


def test_modulated_convolution_under_autocast_demodulates_in_fp32():
    layer = ModulatedConv(16, 8, 3, w_dim=6)
    x, w = torch.randn(2, 16, 8, 8), torch.randn(2, 6)
    with torch.autocast("cpu", torch.bfloat16):
        found = layer(x, layer.style(w))
    torch.testing.assert_close(found.float(), layer(x, layer.style(w)), atol=0.05, rtol=0.03)
