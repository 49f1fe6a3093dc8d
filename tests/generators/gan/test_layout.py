"""Convolutional networks keep channels last in memory: an operation that meets both costs thirty times as much."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from uqgen.generators.gan.stylegan2 import Discriminator, Generator

SETTINGS = {"part_dims": (2,), "channels": (16, 8, 8), "w_dim": 16}


class Layouts(TorchDispatchMode):
    """Collects the operations whose maps, of more than the lowest resolution, lie in different orders."""

    def __init__(self, base):
        super().__init__()
        self.base, self.mixing = base, set()

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        maps = [x for x in args if isinstance(x, torch.Tensor) and x.dim() == 4]
        maps = [x for x in maps if x.shape[1] > 1 and x.shape[2] > self.base]
        if len({x.is_contiguous() for x in maps}) > 1:
            self.mixing.add(str(operation))
        return operation(*args, **(kwargs or {}))


@pytest.mark.parametrize("n_colours", [1, 3])
def test_no_operation_of_a_step_mixes_layouts(n_colours):
    generator = Generator((n_colours, 16, 16), latent_dim=8, **SETTINGS).to(memory_format=torch.channels_last)
    discriminator = Discriminator((n_colours, 16, 16), **SETTINGS).to(memory_format=torch.channels_last)
    latent, parts = generator.draw_latent(4, torch.Generator().manual_seed(0)), [torch.zeros(4, 2)]
    with torch.autocast("cpu", torch.bfloat16), Layouts(base=4) as layouts:
        discriminator(generator(latent, parts), parts).sum().backward()
    assert layouts.mixing == set()
