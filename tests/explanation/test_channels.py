"""What models offer to change: each family's channels do what they say."""

import numpy as np
import pytest
import torch
from scipy.fft import dctn

from uqgen.generators.channels import nearest


@pytest.fixture
def found(small):
    """A small model, its three images, and its channels with 40 more as their reference."""
    latent = small.model.draw_latent(40, torch.Generator().manual_seed(6))
    condition = small.own.select(torch.arange(40) % 3)
    small.channels = small.inverter.channels(latent, small.model.encoding(condition))
    small.parts = small.model.encoding(small.own)
    small.code = small.inverter.code(small.known.latent, small.parts)
    return small


def test_no_change_is_the_image_as_it_is(found):
    n = len(found.channels.names)
    assert found.channels.reference.shape == (40, n)
    made = found.channels.decode(found.code, found.known.latent, found.parts, torch.zeros(3, n))
    torch.testing.assert_close(made, found.known.reconstruction, rtol=1e-4, atol=1e-4)


def test_each_image_is_changed_by_its_own_change_alone_and_with_a_gradient(found):
    change = torch.zeros(3, len(found.channels.names))
    change[1, 2] = 1
    change.requires_grad_()
    made = found.channels.decode(found.code, found.known.latent, found.parts, change)
    moved = (made - found.known.reconstruction).abs().amax(dim=(1, 2, 3))
    assert moved[1] > 1e-3
    assert moved[[0, 2]].max() < 1e-4
    (gradient,) = torch.autograd.grad(made[0].sum(), change)
    assert gradient[0].abs().max() > 0
    assert gradient[1:].abs().max() == 0


def test_values_are_those_that_the_change_is_added_to(found):
    """Of a code that makes the changed image, where there is one: a flow's is noise with the waves added."""
    values = found.channels.values(found.code, found.known.latent, found.parts)
    assert values.shape == (3, len(found.channels.names))
    if not hasattr(found.channels, "basis"):
        return
    change = torch.randn(3, len(found.channels.names), generator=torch.Generator().manual_seed(7))
    added = found.code + torch.einsum("nk,kchw->nchw", change, found.channels.basis)
    torch.testing.assert_close(found.channels.values(added, found.known.latent, found.parts), values + change)
    expected = dctn(found.code[:, 0].numpy(), axes=(1, 2), norm="ortho").reshape(3, -1)
    np.testing.assert_allclose(values.numpy(), expected, atol=1e-4)


def test_the_nearest_are_those_that_differ_least_for_how_the_reference_varies():
    reference = torch.tensor([[0.0, 0], [0, 100], [1, 0], [1, 100]])
    assert nearest(torch.tensor([[0.1, 60.0]]), reference, 2)[0].tolist() == [1, 0]
    assert nearest(reference, reference, 9).shape == (4, 4)
