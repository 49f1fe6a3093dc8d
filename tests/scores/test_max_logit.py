import pytest
import torch

from uqgen.scores import SCORES, get_score


def test_it_is_pytorch_oods_but_for_the_sign():
    pytest.importorskip("pytorch_ood", reason="pip install pytorch-ood")
    from pytorch_ood.detector import MaxLogit

    logits = torch.randn(200, 10) * 3
    found = SCORES["max_logit"](logits, torch.zeros(200, dtype=torch.int64))
    assert found.equal(-MaxLogit(None).predict_logits(logits))


def test_between_the_free_energy_and_it_lies_the_logarithm_of_msp():
    logits, labels = torch.randn(50, 7) * 3, torch.zeros(50, dtype=torch.int64)
    found = {name: get_score(name)(logits, labels) for name in ("max_logit", "energy", "msp")}
    torch.testing.assert_close(found["max_logit"] + found["energy"], found["msp"].log(), atol=1e-5, rtol=1e-5)
