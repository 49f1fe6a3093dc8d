import pytest
import torch

from uqgen.conditioning.balanced import BalancedConditions, frequencies
from uqgen.conditioning.condition import Condition
from uqgen.settings import SettingError

# Nine tenths of the images are sure.
SCORE = torch.cat([torch.full((900,), 0.95), torch.full((100,), 0.15)])
REAL = Condition(torch.arange(1000) % 3, SCORE)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_bins_come_up_alike_if_all_is_balanced():
    frequency = frequencies(SCORE, share=1.0, n_bins=2, most=100)
    assert frequency[:900].sum().item() == pytest.approx(500)
    assert frequency[900:].sum().item() == pytest.approx(500)


def test_a_share_is_balanced_and_the_rest_drawn_as_it_is():
    expected = 0.3 * frequencies(SCORE, 1.0, 2, 100) + 0.7
    torch.testing.assert_close(frequencies(SCORE, 0.3, 2, 100), expected)
    assert frequencies(SCORE, 0.0, 2, 100).eq(1).all()


def test_no_image_is_drawn_more_often_than_allowed():
    assert frequencies(SCORE, 1.0, 2, 3.0).max() == 3


@pytest.mark.parametrize("how", ["draw", "order"])
def test_draws_follow_the_frequencies(how):
    conditions = BalancedConditions(REAL, share=0.5, n_bins=2, most=100)
    score = conditions.draw(30_000, rng()).score if how == "draw" else SCORE[conditions.order(rng())]
    # half balanced: 0.5 * 0.5 + 0.5 * 0.1
    assert (score < 0.5).float().mean().item() == pytest.approx(0.3, abs=0.01 if how == "draw" else 0.05)


def test_class_and_score_stay_together_and_the_generator_alone_decides():
    conditions = BalancedConditions(Condition(torch.arange(1000), torch.arange(1000) / 1000))
    drawn = conditions.draw(500, rng(1))
    assert (drawn.label / 1000).equal(drawn.score)
    assert conditions.draw(500, rng(1)).label.equal(drawn.label)
    assert conditions.order(rng(2)).equal(conditions.order(rng(2)))
    assert len(conditions.order(rng(2))) == 1000


@pytest.mark.parametrize(("name", "value"), [("share", 1.5), ("n_bins", 0), ("most", 0.5)])
def test_what_is_out_of_range_is_refused(name, value):
    with pytest.raises(SettingError, match=f"^{name}="):
        BalancedConditions(REAL, **{name: value})
