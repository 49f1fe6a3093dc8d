import logging
from types import SimpleNamespace

import pytest

from uqgen.config import build, compose, plain

# MSP of 10 classes may be 0.1 to 1; entropy 0 to 2.303; energy is any number.
RANGES = [
    ("msp", (0.92, 1.0), True),
    ("msp", (0.8, 1.0), False),
    ("entropy", (0.0, 0.2), True),
    ("entropy", (0.0, 0.3), False),
    ("energy", (-9.1, -9.0), False),
]


@pytest.mark.parametrize(("score", "asked", "narrow"), RANGES)
def test_a_classifier_that_is_sure_of_everything_is_warned_of(score, asked, narrow, caplog):
    experiment = build(plain(compose([f"score={score}"])))
    with caplog.at_level(logging.INFO):
        experiment.tell_range(SimpleNamespace(asked_range=asked))
    messages = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert messages[0] == ("INFO", f"asked uniformly: {score} from {asked[0]:.3g} to {asked[1]:.3g}")
    assert [level for level, _ in messages[1:]] == ["WARNING"] * narrow
