import math

import torch

from uqgen.conditioning.own_condition import own_condition
from uqgen.scores import get_score

LOGITS = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]).log() + 7  # a softmax does not see the 7
LABEL = torch.tensor([1, 2])


def test_real_images_have_their_class_their_score_and_their_softmax_vector():
    own = own_condition(LOGITS, LABEL, get_score("true_class"))
    assert own.label.equal(LABEL)
    torch.testing.assert_close(own.score, torch.tensor([0.3, 0.8]))
    torch.testing.assert_close(own.probabilities, torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]))
    assert own.second is None


def test_a_second_score_is_theirs_too():
    own = own_condition(LOGITS, LABEL, get_score("msp", "entropy"))
    torch.testing.assert_close(own.score, torch.tensor([0.5, 0.8]))
    entropy = -(0.1 * math.log(0.1) * 2 + 0.8 * math.log(0.8))
    torch.testing.assert_close(own.second[1], torch.tensor(entropy))


def test_an_ensemble_s_vector_is_the_mean_of_its_members_():
    own = own_condition(LOGITS[None], LABEL[:1], get_score("msp"))
    torch.testing.assert_close(own.probabilities, torch.tensor([[0.3, 0.2, 0.5]]))
