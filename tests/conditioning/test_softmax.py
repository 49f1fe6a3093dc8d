import math

import pytest
import torch

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.softmax import N_NEAREST, SMALLEST, SoftmaxEncoding, between, temper

N, K = 600, 4


@pytest.fixture
def real() -> Condition:
    """Images of three classes out of four, each vector known by its probability of the fourth."""
    probabilities = (3 * torch.randn(N, K)).softmax(dim=1)
    return Condition(torch.arange(N) % (K - 1), probabilities.amax(dim=1), probabilities)


def draw(encoding, condition, chance=None):
    chance = torch.rand(len(condition.label)) if chance is None else chance
    return encoding.complete(condition, chance).probabilities


def test_parts_are_the_class_the_probabilities_with_their_logarithms_and_features_of_the_score(real):
    encoding = SoftmaxEncoding(K, real)
    label, vector, score = encoding(real)
    assert label.equal(torch.eye(K)[real.label])
    logs, probabilities = vector.chunk(2, dim=1)
    expected = 1 + real.probabilities.clamp_min(SMALLEST).log() / math.log(1 / SMALLEST)
    torch.testing.assert_close(logs, expected)
    assert (logs.min() >= 0, logs.max() <= 1) == (True, True)
    assert probabilities.equal(real.probabilities)
    torch.testing.assert_close(score[:, :2], encoding.log_odds.pair(real.score))
    low, high = real.score.min(), real.score.max()
    place = 2 * (real.score - low) / (high - low) - 1
    torch.testing.assert_close(score[:, 2], (math.pi / 2 * place).sin())
    torch.testing.assert_close(score[:, -1], (4 * math.pi * place).cos(), atol=1e-5, rtol=1e-5)
    assert encoding.part_dims == tuple(part.shape[1] for part in (label, vector, score))


def test_a_vector_that_is_there_stays(real):
    assert draw(SoftmaxEncoding(K, real), real) is real.probabilities


def test_with_another_score_a_vector_keeps_its_order_and_has_it_for_its_maximum(real):
    other = SoftmaxEncoding(K, real).rescored(real, torch.full((N,), 0.6))
    torch.testing.assert_close(other.probabilities.amax(dim=1), other.score, atol=1e-4, rtol=0)
    in_order = other.probabilities.gather(1, real.probabilities.argsort(dim=1))
    assert (in_order.diff(dim=1) >= 0).all()
    assert other.label is real.label


def test_a_vector_whose_maximum_is_not_the_score_is_left_to_be_drawn(real):
    encoding = SoftmaxEncoding(K, real._replace(score=torch.rand(N)))
    assert encoding.rescored(real, torch.full((N,), 0.6)).probabilities is None


def test_a_vector_drawn_has_exactly_the_maximum_requested(real):
    requested = Condition(torch.arange(200) % (K - 1), torch.linspace(0.3, 0.999, 200))
    drawn = draw(SoftmaxEncoding(K, real), requested)
    torch.testing.assert_close(drawn.amax(dim=1), requested.score, atol=1e-4, rtol=0)
    torch.testing.assert_close(drawn.sum(dim=1), torch.ones(200))


def test_vectors_are_those_of_images_of_the_class_with_the_nearest_scores(real):
    score = torch.rand(N)  # not the maximum, so the vectors are taken as they are
    encoding = SoftmaxEncoding(K, real._replace(score=score))
    requested = Condition(torch.tensor([1]).expand(50), torch.tensor([0.5]).expand(50))
    drawn = draw(encoding, requested, torch.linspace(0, 0.999, 50))
    of_class = real.label == 1
    order = score[of_class].argsort()
    position = int(torch.searchsorted(score[of_class][order], 0.5))
    near = order[position - N_NEAREST // 2 : position + N_NEAREST // 2]
    expected = real.probabilities[of_class][near]
    assert set(map(tuple, drawn.tolist())) == set(map(tuple, expected.tolist()))


def test_at_the_ends_and_for_a_class_without_images_the_nearest_there_are_serve(real):
    encoding = SoftmaxEncoding(K, real)
    requested = Condition(torch.tensor([0, 0, K - 1]), torch.tensor([0.25, 1.0, 0.6]))
    for chance in (torch.zeros(3), torch.full((3,), 0.9999)):
        assert draw(encoding, requested, chance).isfinite().all()


def test_tempering_is_a_power_that_keeps_the_order():
    p = torch.tensor([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1]], dtype=torch.float64)
    requested = torch.tensor([0.9, 0.4], dtype=torch.float64)
    tempered = temper(p, requested)
    torch.testing.assert_close(tempered.amax(dim=1), requested, atol=1e-6, rtol=0)
    power = (tempered[:, 0] / tempered[:, 1]).log() / math.log(0.6 / 0.3)
    torch.testing.assert_close((tempered[:, 1] / tempered[:, 2]).log() / math.log(0.3 / 0.1), power)
    assert (power > 0).all()


def test_a_maximum_that_two_classes_share_goes_as_far_as_it_can():
    assert temper(torch.tensor([[0.4, 0.4, 0.2]]), torch.tensor([0.9])).tolist()[0] == pytest.approx(
        [0.5, 0.5, 0], abs=1e-3
    )


CERTAIN = torch.tensor([[0.9, 0.08, 0.02]])


@pytest.mark.parametrize(
    ("maximum", "vector"),
    [(0.9, [0.9, 0.08, 0.02]), (0.7, [0.7, 0.09, 0.21]), (0.5, [0.5, 0.1, 0.4]), (0.4, [0.5, 0.1, 0.4])],
)
def test_on_the_way_to_another_vector_the_class_of_the_first_has_the_maximum_as_far_as_the_way_goes(maximum, vector):
    found = between(CERTAIN, torch.tensor([[0.5, 0.1, 0.4]]), torch.tensor([maximum]))
    assert found[0].tolist() == pytest.approx(vector)


def test_the_way_to_a_vector_of_another_class_ends_where_that_overtakes_the_first_one():
    other = torch.tensor([[0.1, 0.1, 0.8]])
    found = between(CERTAIN, other, torch.tensor([0.3]))
    assert found[0].tolist() == pytest.approx(CERTAIN.lerp(other, 0.88 / (0.88 + 0.7))[0].tolist())
    assert found[0, 0] == pytest.approx(found[0, 2].item())


def test_vectors_along_scores_go_from_that_of_a_certain_image_to_that_of_an_uncertain_one(real):
    probabilities = torch.stack(
        [row.roll(int(label - row.argmax())) for row, label in zip(real.probabilities, real.label, strict=True)]
    )  # whose class is the most probable
    encoding = SoftmaxEncoding(K, real._replace(probabilities=probabilities))
    label, chance, scores = torch.tensor([0, 1]), torch.tensor([0.2, 0.7]), torch.tensor([0.95, 0.8, 0.6]).expand(2, -1)
    along = encoding.along_scores(label, scores, chance).probabilities.view(2, 3, K)
    torch.testing.assert_close(along.amax(dim=2), scores, rtol=0, atol=1e-4)
    for column in (0, 2):
        alone = draw(encoding, Condition(label, scores[:, column]), chance)
        torch.testing.assert_close(along[:, column], alone, rtol=0, atol=1e-4)
    assert along.argmax(dim=2).equal(label[:, None].expand(-1, 3))
