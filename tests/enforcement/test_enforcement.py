import pytest

from uqgen.enforcement.enforcement import Enforcement


def test_by_itself_it_enforces_nothing(given):
    nothing = Enforcement(given)
    assert nothing.discriminator_loss(*[None] * 5) is None
    assert nothing.generator_loss(*[None] * 3) is None
    assert list(nothing.parameters()) == []
    assert nothing.bound == pytest.approx(0)
    assert nothing.strength_after(0) == 1
