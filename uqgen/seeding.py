"""Random numbers as a function of what they are for."""

import hashlib

import torch


def derive(*entropy: int) -> int:
    """A seed, from 0 to 2^63 - 1, that depends on all of these integers, on their order, and on nothing else.

    Unlike sums or other arithmetic mixes, a hash of the tuple gives no two tuples the same seed by accident.
    """
    digest = hashlib.sha256(",".join(str(int(number)) for number in entropy).encode()).digest()
    return int.from_bytes(digest[:8]) >> 1


def generator(*entropy: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A random number generator whose stream follows from `derive` of these integers."""
    return torch.Generator(device).manual_seed(derive(*entropy))
