import math

import numpy as np
import pytest
import torch

from uqgen.explanation.second_choices import count_second_choices, second_choices, shared_choices

VECTORS = torch.tensor([[0.6, 0.3, 0.1], [0.5, 0.1, 0.4], [0.6, 0.4, 0.0], [0.2, 0.1, 0.7]])


def test_first_choices_are_rows_and_second_ones_columns():
    assert count_second_choices(VECTORS).tolist() == [[0, 2, 1], [0, 0, 0], [1, 0, 0]]


def test_overlap_is_what_the_rows_have_in_common():
    a = np.array([[0, 30, 10], [20, 0, 0], [9, 0, 0]])
    b = np.array([[0, 10, 10], [0, 0, 10], [9, 0, 0]])
    assert shared_choices(a, a) == 1
    assert shared_choices(a, b) == pytest.approx(
        (0.75 + 0) / 2
    )  # min(3/4, 1/2) + min(1/4, 1/2); the last row has too few
    assert math.isnan(shared_choices(a, np.zeros((3, 3), int)))


def test_only_scores_within_the_bounds_count():
    scores = VECTORS.amax(dim=1)
    many, of_many = VECTORS.repeat(20, 1), scores.repeat(20)
    found = second_choices(0.6, (0.55, 0.65), (VECTORS, scores), (many, of_many), torch.Generator().manual_seed(0))
    assert found.generated == [[0, 2, 0], [0, 0, 0], [0, 0, 0]]
    assert found.real == [[0, 40, 0], [0, 0, 0], [0, 0, 0]]
    assert found.overlap_real == 1  # all of them hesitate between the same two
    assert math.isnan(found.overlap)  # two generated images are too few


def test_no_images_at_all_are_no_mistake():
    nothing = (VECTORS[:0], VECTORS[:0, 0])
    found = second_choices(0.6, (0.5, 0.7), nothing, nothing, torch.Generator())
    assert np.sum(found.generated) == np.sum(found.real) == 0
    assert math.isnan(found.overlap_real)
