import numpy as np
import pytest
import torch

from uqgen.metrics.bootstrap import Estimate
from uqgen.report.arrays import shaped, with_ends
from uqgen.settings import SettingError


@pytest.mark.parametrize("make", [np.array, list, torch.tensor])
def test_gives_the_values_as_an_array(make):
    array = shaped("x", make([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), "N", 2)
    assert isinstance(array, np.ndarray)
    assert array.tolist() == [[1, 2], [3, 4], [5, 6]]


@pytest.mark.parametrize("shape", [(3,), (3, 2, 1), (3, 3), (0, 2)])
def test_refuses_another_shape_and_says_which_is_expected(shape):
    with pytest.raises(SettingError) as refusal:
        shaped("x", np.zeros(shape), "N", 2)
    assert str(refusal.value) == f"x.shape={shape}: allowed: (N, 2)"


def test_estimates_become_a_row_of_values_and_one_of_each_end():
    values, low, high = with_ends([Estimate(1, 0, 3), Estimate(5, 4, 6)])
    assert (values.tolist(), low.tolist(), high.tolist()) == ([1, 5], [0, 4], [3, 6])
    assert with_ends([]).shape == (3, 0)
