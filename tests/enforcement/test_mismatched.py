import torch
from torch.nn.functional import softplus

from uqgen.enforcement.mismatched import LEAST, Mismatched


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_wrong_scores_are_those_of_other_images_a_quarter_or_more_away(given, real):
    wrong = Mismatched(given).wrong(real, rng())
    assert wrong.label.equal(real.label)
    assert set(wrong.score.tolist()) <= set(real.score.tolist())
    n = len(real.score)
    ranks = [torch.searchsorted(real.score, condition.score) for condition in (real, wrong)]
    away = (ranks[1] - ranks[0]).abs()
    around = torch.minimum(away, n - away) / n
    assert around.min() >= LEAST - 1 / n
    assert around.max() > 0.45


def test_the_probabilities_go_with_the_wrong_score(given, real):
    probabilities = torch.stack([real.score, 1 - real.score], dim=1)
    known = real._replace(probabilities=probabilities)
    given = given.__class__(**{**vars(given), "real": known})
    wrong = Mismatched(given).wrong(known, rng())
    assert wrong.probabilities[:, 0].equal(wrong.score)


def test_real_images_under_wrong_scores_count_as_generated(given, real):
    x = torch.randn(len(real.score), 3)
    mismatched = Mismatched(given, weight=0.3)
    loss = mismatched.discriminator_loss(x, real, x, real, rng(5))
    expected = softplus(given.discriminator(x, given.encoding(mismatched.wrong(real, rng(5))))).mean()
    torch.testing.assert_close(loss, 0.3 * expected)
    assert loss.requires_grad
    assert mismatched.generator_loss(x, real, rng()) is None
