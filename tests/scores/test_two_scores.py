"""A score with a second one beside it."""

import hydra
import pytest
import torch
from omegaconf import OmegaConf

from uqgen.classifiers.calibration import fit_temperature
from uqgen.config import CONF
from uqgen.scores import SCORES, get_score
from uqgen.settings import SettingError

LABELS = torch.arange(40) % 3


def test_each_score_is_a_column_with_its_own_values():
    logits = 3 * torch.randn(40, 5, 3)
    pair = get_score("entropy", "mutual_information")
    expected = [SCORES[name](logits, LABELS) for name in ("entropy", "mutual_information")]
    assert pair.scores(logits, LABELS).equal(torch.stack(expected, dim=1))
    assert pair(logits, LABELS).equal(expected[0])
    assert SCORES["entropy"].scores(logits, LABELS).equal(expected[0][:, None])


def test_what_the_second_leaves_of_the_total_is_the_expected_entropy():
    logits = 3 * torch.randn(40, 5, 3)
    total, epistemic = get_score("entropy", "mutual_information").scores(logits, LABELS).T
    torch.testing.assert_close(total - epistemic, SCORES["expected_entropy"](logits, LABELS), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("names", [("msp", "msp_calibrated"), ("msp_calibrated", "entropy")])
def test_whichever_is_one_that_is_fitted_is_fitted(names):
    logits = 5 * torch.randn(40, 3)
    pair = get_score(*names)
    fitted = pair.fitted(logits, LABELS)
    assert pair.is_fitted
    parameters = {one.name: one.parameters for one in (fitted, fitted.second)}
    assert parameters.pop("msp_calibrated") == {"temperature": fit_temperature(logits, LABELS)}
    assert list(parameters.values()) == [{}]
    assert tuple(one.name for one in (fitted, fitted.second)) == names


def test_two_that_are_not_fitted_stay():
    pair = get_score("msp", "entropy")
    assert pair.fitted(torch.randn(40, 3), LABELS) is pair


def test_the_second_needs_members_too():
    with pytest.raises(SettingError, match=r"^score=mutual_information: allowed: with an ensemble"):
        get_score("entropy", "mutual_information").check_members("classifier", None)
    get_score("entropy", "mutual_information").check_members("classifier", 5)


@pytest.mark.parametrize("second", ["msp", "doubt"])
def test_the_second_is_another_score_that_exists(second):
    with pytest.raises(
        SettingError,
        match=f"^second={second}: allowed: conformal, energy, entropy, expected_entropy, gen, knn, ",
    ):
        get_score("msp", second)


def test_a_pair_in_the_settings_is_named_by_its_scores():
    files = list((CONF / "score").glob("*_and_*.yaml"))
    assert files
    for path in files:
        chosen = hydra.utils.instantiate(OmegaConf.load(path))
        assert f"{chosen.name}_and_{chosen.second.name}" == path.stem
