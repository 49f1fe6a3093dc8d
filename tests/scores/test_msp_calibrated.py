import pytest
import torch

from uqgen.classifiers.calibration import fit_temperature
from uqgen.scores import SCORES, get_score


@pytest.fixture
def validation():
    """Labels drawn from softmax(logits), then logits that claim twice as much."""
    logits = torch.randn(2_000, 4)
    return 2 * logits, logits.softmax(dim=1).multinomial(1).squeeze(1)


def test_fitted_it_is_the_msp_of_the_scaled_logits(validation):
    fitted = get_score("msp_calibrated").fitted(*validation)
    temperature = fit_temperature(*validation)
    assert fitted.parameters == {"temperature": temperature}
    assert temperature > 1.5
    logits, labels = torch.randn(50, 4), torch.zeros(50, dtype=torch.int64)
    torch.testing.assert_close(fitted(logits, labels), get_score("msp")(logits / temperature, labels))


def test_fitting_leaves_the_registered_score_as_it_was_and_can_be_done_again(validation):
    logits, labels = validation
    once = get_score("msp_calibrated").fitted(logits, labels)
    again = once.fitted(3 * logits, labels)
    assert again.parameters["temperature"] == pytest.approx(3 * once.parameters["temperature"], rel=1e-5)
    assert get_score("msp_calibrated").parameters == {}


@pytest.mark.parametrize("name", sorted(set(SCORES) - {"msp_calibrated", "conformal"}))
def test_other_scores_need_no_fitting(name, validation):
    assert SCORES[name].fitted(*validation) is SCORES[name]
