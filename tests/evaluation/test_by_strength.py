"""What is measured under several strengths is what the model makes under each."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from uqgen.evaluation.by_strength import measure_by_strength


class Guided:
    """Notes under which strength it is."""

    def __init__(self, strength: float | None) -> None:
        self.guidance = None if strength is None else Strength(strength)

    @contextmanager
    def guided_by(self, guidance):
        before, self.guidance = self.guidance, guidance
        yield
        self.guidance = before


class Strength(SimpleNamespace):
    def __init__(self, strength: float) -> None:
        super().__init__(strength=strength)

    def of_strength(self, strength: float) -> "Strength":
        return Strength(strength)


@pytest.fixture
def evaluator():
    """What it measures is the strength itself."""

    def measure_few(model, split, n_images):
        value = 0.0 if model.guidance is None else model.guidance.strength
        uniform = SimpleNamespace(in_vs_out=value, class_agreement=(split, n_images), judges={})
        return SimpleNamespace(protocols={"uniform": uniform}, realism=None, manifold=None)

    settings = SimpleNamespace(strengths=(2.0, 0.5), n_by_strength=7, split="test")
    return SimpleNamespace(settings=settings, measure_few=measure_few)


def test_each_strength_is_measured_and_the_model_alone(evaluator):
    model = Guided(1.5)
    found = measure_by_strength(evaluator, model)
    assert [part.strength for part in found] == [0.0, 0.5, 2.0]
    assert [part.in_vs_out for part in found] == [0.0, 0.5, 2.0]
    assert {part.class_agreement for part in found} == {("test", 7)}
    assert model.guidance.strength == 1.5


def test_what_nothing_guides_is_measured_alone(evaluator):
    assert [part.strength for part in measure_by_strength(evaluator, Guided(None))] == [0.0]
