"""What is measured under several strengths is what the model makes under each."""

from contextlib import contextmanager
from types import SimpleNamespace

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


def by_strength(model: Guided):
    """What is measured is the strength itself."""

    def measure():
        value = 0.0 if model.guidance is None else model.guidance.strength
        uniform = SimpleNamespace(in_vs_out=value, class_agreement=1.0, judges={})
        return SimpleNamespace(protocols={"uniform": uniform}, realism=None, manifold=None, detail=None, texture=None)

    return measure_by_strength(model, (2.0, 0.5), measure)


def test_each_strength_is_measured_and_the_model_alone():
    model = Guided(1.5)
    found = by_strength(model)
    assert [part.strength for part in found] == [0.0, 0.5, 2.0]
    assert [part.in_vs_out for part in found] == [0.0, 0.5, 2.0]
    assert model.guidance.strength == 1.5


def test_what_nothing_guides_is_measured_alone():
    assert [part.strength for part in by_strength(Guided(None))] == [0.0]
