"""The class that is suspected, and the name of what moves a classifier's score in its images."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from known_generator import MSP, Patches, linear

from uqgen.data.attributes import ATTRIBUTES, measure_attributes
from uqgen.data.labelled import to_uint8
from uqgen.explanation.slicing import Seen
from uqgen.generators.latent import Latent
from uqgen.planted.attribute_rankings import RANKINGS, RankingInput, suspected_class


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

    def draw(self, n, conditions, rng, share=slice(None)):
        return Latent(torch.randn(n, 16, generator=rng))

    def inverter(self, n_steps=None, seed=0):
        class Encoding:
            def complete(self, condition, chance):
                assert set(condition.label.tolist()) == {0}
                return condition

            def __call__(self, condition):
                return ()

        return SimpleNamespace(
            encoding=Encoding(),
            code=lambda latent, parts: latent.z,
            channels=lambda latent, parts: Patches(),
        )


def ranking_input(strength, n=200):
    """Real images and generated ones are patches; the brighter one of them is, the less sure is the classifier."""
    pattern = Patches().patterns[5]
    classifier = linear(-strength * pattern / pattern.sum(), bias=2.0).to("cpu")
    judge = linear(torch.zeros(64), bias=2.0)
    x = torch.einsum(
        "nk,kchw->nchw", torch.randn(n, 16, generator=torch.Generator().manual_seed(0)), Patches().patterns
    )
    attributes = dict(zip(ATTRIBUTES, measure_attributes(to_uint8(x), "patches").T, strict=True))
    return RankingInput(classifier, [judge], MSP, (0.5, 1.0), 0, to_uint8(x), attributes, PatchModel(), 0)


@pytest.mark.parametrize("name", RANKINGS)
def test_what_lowers_the_classifier_and_not_its_judge_comes_first(name):
    found = RANKINGS[name](ranking_input(6.0))
    assert found[0][0] == "brightness"


def test_nothing_is_discovered_where_nothing_moves_the_score():
    assert RANKINGS["discovered: by the score"](ranking_input(0.0)) == ()


def test_of_few_real_images_nothing_is_ranked():
    few = ranking_input(6.0, n=20)
    assert [RANKINGS[name](few) for name in RANKINGS if name.startswith("real images")] == [(), ()]
