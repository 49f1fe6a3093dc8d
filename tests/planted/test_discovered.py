"""The class that is suspected, and the name of what moves a classifier's score in its images."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from known_generator import MSP, Patches, linear

from uqgen.explanation.slicing import Seen
from uqgen.generators.latent import Latent
from uqgen.planted.discovered import discover_names, suspected_class


def test_the_suspected_class_is_the_one_that_sound_classifiers_are_better_at():
    label = np.repeat([0, 1, 2], 10)
    wrong = np.zeros(30, bool)
    wrong[:6] = True  # six of the first class, which are hard for all, and three of the last
    wrong[20:23] = True
    judges = np.zeros((30, 2), bool)
    judges[:6] = True
    plain = np.zeros(30)
    seen = Seen(plain[:, None], label, np.where(wrong, label + 1, label), label, plain, judges)
    assert suspected_class(seen) == 2


class PatchModel:
    """A model whose code is its latent, and whose channels are patches."""

    device = torch.device("cpu")

    def draw_latent(self, n, rng):
        return Latent(torch.randn(n, 16, generator=rng))

    def inverter(self, n_steps=None, seed=0):
        class Encoding:
            def complete(self, condition, chance):
                assert set(condition.label.tolist()) == {1}
                return condition

            def __call__(self, condition):
                return ()

        return SimpleNamespace(
            encoding=Encoding(),
            code=lambda latent, parts: latent.z,
            channels=lambda latent, parts: Patches(),
        )


@pytest.mark.parametrize(("strength", "first"), [(12.0, "brightness"), (0.0, None)])
def test_what_moves_the_score_is_named_and_nothing_where_nothing_moves_it(strength, first):
    pattern = Patches().patterns[5]
    classifier = linear(strength * pattern / pattern.sum(), bias=2.0)
    found = discover_names(PatchModel(), classifier, MSP, 1, (0.5, 1.0), seed=0)
    assert [names[0] for names in found] == ([first] if first else [])
