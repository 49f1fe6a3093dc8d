"""Kinds of images: strokes that are sharp, blurred or noisy, of which each class and score has its own shares."""

import pytest
import torch

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.conditioning.kinds import KindEncoding
from uqgen.conditioning.label import LabelEncoding
from uqgen.conditioning.paper import PaperEncoding
from uqgen.conditioning.softmax import SoftmaxEncoding
from uqgen.data.gaussian import gaussian_blur
from uqgen.data.labelled import to_uint8, unit_range
from uqgen.described import build_described, describe
from uqgen.settings import SettingError

BLURRED, SHARP, NOISY = range(3)
K, N = 2, 600


def images_of(kinds):
    """Strokes of random width and place on black, uint8 [N, 1, 16, 16]."""
    rng = torch.Generator().manual_seed(3)
    x = torch.full((len(kinds), 1, 16, 16), -1.0)
    for each, image in enumerate(x):
        left = int(torch.randint(3, 9, (), generator=rng))
        image[:, 2:14, left : left + 2 + each % 3] = 1.0
    x[kinds == BLURRED] = gaussian_blur(x[kinds == BLURRED], 2.0)
    x[kinds == NOISY] += 0.8 * torch.randn(int((kinds == NOISY).sum()), 1, 16, 16, generator=rng)
    return to_uint8(x.clamp(-1, 1))


@pytest.fixture
def kinds() -> torch.Tensor:
    """Images of class 1 with a score below 0.5 are blurred, of all others one of three is noisy."""
    noisy = torch.arange(N) % 3 == 0
    label, score = torch.arange(N) % K, torch.arange(N) / N
    return torch.where((label == 1) & (score < 0.5), BLURRED, torch.where(noisy, NOISY, SHARP))


@pytest.fixture
def real() -> Condition:
    return Condition(torch.arange(N) % K, torch.arange(N) / N, torch.rand(N, K).softmax(dim=1))


@pytest.fixture
def encoding(real, kinds) -> KindEncoding:
    encoding = KindEncoding(PaperEncoding(K, real), {"texture": 3, "shape": 5})
    encoding.fit(images_of(kinds))
    return encoding


@pytest.fixture
def texture(encoding, kinds) -> torch.Tensor:
    """Which number kinds by texture have."""
    return torch.stack([encoding.kinds[kinds == kind, 0].long().mode().values for kind in range(3)])


def requested(label, score, n=300):
    return Condition.repeated(label, score, n, torch.device("cpu")), torch.linspace(0, 0.999, n)


def test_images_that_differ_in_texture_are_of_different_kinds(encoding, kinds, texture):
    assert encoding.kinds[:, 0].long().equal(texture[kinds])


def test_a_request_gets_the_kinds_of_the_class_near_the_score_as_often_as_they_occur(encoding, texture):
    for label, score, shares in ((0, 0.3, [0, 2, 1]), (1, 0.2, [3, 0, 0]), (1, 0.8, [0, 2, 1])):
        found = encoding.complete(*requested(label, score)).kinds[:, 0].bincount(minlength=3)[texture] / 300
        assert found.tolist() == pytest.approx([share / 3 for share in shares], abs=0.05)


def test_both_kinds_of_a_request_are_of_one_image(encoding):
    pairs = encoding.complete(*requested(0, 0.3)).kinds
    assert {tuple(pair) for pair in pairs.tolist()} <= {tuple(pair) for pair in encoding.kinds.tolist()}
    nearest = encoding.neighbours(*requested(0, 0.3))
    assert pairs.equal(encoding.kinds[nearest].long())


def test_kind_and_softmax_vector_are_of_one_image(real, kinds):
    vectors = torch.eye(3)[kinds] * 0.5 + 1 / 6
    real = real._replace(score=vectors.amax(dim=1) + real.score / 1e3, probabilities=vectors)
    encoding = KindEncoding(SoftmaxEncoding(3, real), {"texture": 3})
    encoding.fit(images_of(kinds))
    complete = encoding.complete(*requested(0, 0.667))
    pairs = torch.stack([complete.probabilities.argmax(dim=1), complete.kinds[:, 0]], dim=1)
    assert len(pairs.unique(dim=0)) == len(complete.kinds.unique()) == 2


def test_who_asks_for_a_kind_gets_it_and_another_score_leaves_it(encoding):
    condition, chance = requested(0, 0.3)
    asked = condition._replace(kinds=torch.tensor([[2, 4]]).expand(300, 2))
    assert encoding.complete(asked, chance).kinds.equal(asked.kinds)
    again = encoding.complete(encoding.rescored(asked, condition.score + 0.2), chance)
    assert again.kinds.equal(asked.kinds)
    assert again.score.equal(condition.score + 0.2)


def test_along_scores_each_image_keeps_the_kinds_that_it_has_a_quarter_of_the_way(encoding):
    scores = [0.9, 0.6, 0.5]
    quarter, chance = requested(0, float(torch.tensor(0.9).lerp(torch.tensor(0.5), 0.25)), n=30)
    along = encoding.along_scores(quarter.label, torch.tensor(scores).expand(30, -1), chance)
    assert along.score.view(30, 3).unique(dim=0).tolist() == [pytest.approx(scores)]
    for at_a_score in along.kinds.view(30, 3, 2).unbind(dim=1):
        assert at_a_score.equal(encoding.complete(quarter, chance).kinds)


def test_images_say_of_which_kind_they_are(encoding, real, texture):
    new = torch.tensor([NOISY, BLURRED, SHARP] * 20)
    observed = encoding.observed(real.select(slice(60)), unit_range(images_of(new)))
    assert observed.kinds[:, 0].equal(texture[new])


def test_the_last_parts_are_the_kinds_and_the_others_are_as_before(encoding, real):
    complete = encoding.complete(*requested(1, 0.8))
    *others, texture, shape = encoding(complete)
    for part, kind in zip((texture, shape), complete.kinds.unbind(dim=1), strict=True):
        assert part.argmax(dim=1).equal(kind)
        assert part.sum(dim=1).unique().tolist() == [1]
    for part, alone in zip(others, PaperEncoding(K, real)(complete), strict=True):
        assert part.equal(alone)
    assert encoding.part_dims == (K + 1, 3, 5)


def test_a_description_the_real_conditions_and_the_weights_make_it_again(encoding, real):
    again = build_described(describe(encoding), Encoding, real=real)
    again.load_state_dict(encoding.state_dict())
    condition = requested(0, 0.6)
    for part, expected in zip(again(again.complete(*condition)), encoding(encoding.complete(*condition)), strict=True):
        assert part.equal(expected)


def test_kinds_that_were_not_found_and_more_than_there_can_be_are_refused(real):
    encoding = KindEncoding(PaperEncoding(K, real), {"texture": 3})
    with pytest.raises(SettingError, match="kinds"):
        encoding.complete(*requested(0, 0.5))
    with pytest.raises(SettingError, match="kinds"):
        encoding.observed(real, torch.zeros(N, 1, 16, 16))
    with pytest.raises(SettingError, match=r"kinds.texture=3.*at most the 1 "):
        encoding.fit(torch.zeros(N, 1, 16, 16, dtype=torch.uint8))
    for kinds in ({"texture": 1}, {"texture": 2.5}, {"colour": 3}):
        with pytest.raises(SettingError, match="kinds"):
            KindEncoding(PaperEncoding(K, real), kinds)
    with pytest.raises(SettingError, match="LabelEncoding"):
        KindEncoding(LabelEncoding(K, real), {"texture": 3})


def test_of_the_images_that_are_still_there_kinds_are_found_anew_by_the_clusters_of_the_checkpoint(
    encoding, real, kinds
):
    images, left = images_of(kinds), torch.arange(N)[torch.arange(N) % 7 > 0]
    fewer = KindEncoding(PaperEncoding(K, real.select(left)), {"texture": 3, "shape": 5}, images=images[left])
    fewer.load_state_dict(encoding.state_dict())
    assert fewer.kinds.equal(encoding.kinds[left])
    without = KindEncoding(PaperEncoding(K, real.select(left)), {"texture": 3, "shape": 5})
    with pytest.raises(RuntimeError, match="size mismatch for kinds"):
        without.load_state_dict(encoding.state_dict())


def test_kinds_that_a_checkpoint_knows_are_taken_from_it(encoding, real, kinds):
    same = KindEncoding(PaperEncoding(K, real), {"texture": 3, "shape": 5}, images=images_of(kinds.flip(0)))
    same.load_state_dict(encoding.state_dict())
    assert same.kinds.equal(encoding.kinds)
