"""What the tests of StyleGAN2's networks share."""

import torch

from uqgen.generators.gan.stylegan2 import Discriminator

PART_DIMS = (3, 2)  # no part of width 1: normalised, it keeps nothing but its sign
SMALL = {"w_dim": 8, "mapping_depth": 2}


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def parts(n, seed=0):
    return tuple(torch.randn(n, width, generator=rng(seed)) for width in PART_DIMS)


def small_discriminator():
    return Discriminator((1, 16, 16), PART_DIMS, (6, 5, 4), group=4, **SMALL)
