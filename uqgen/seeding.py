"""Random numbers as a function of what they are for."""

import numpy as np
import torch


def generator(*entropy: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A random number generator that depends on all of these non-negative integers and on nothing else.

    Unlike sums or other arithmetic mixes, no two different tuples give the same stream by accident.
    """
    (seed,) = np.random.SeedSequence(entropy).generate_state(1, np.uint64)
    return torch.Generator(device).manual_seed(int(seed >> np.uint64(1)))
