from types import SimpleNamespace

import numpy as np
import pytest

from uqgen.report import run_figures


def test_scores_of_a_narrow_range_are_requested_as_they_are(monkeypatch):
    class Seen(Exception):  # noqa: N818
        pass

    def ask(context, model, scores):
        raise Seen(scores)

    monkeypatch.setattr(run_figures, "along_scores", ask)
    with pytest.raises(Seen) as seen:
        run_figures._overview(SimpleNamespace(ends=(0.1, 0.1006)), None, None)
    np.testing.assert_array_equal(seen.value.args[0], np.linspace(0.1, 0.1006, run_figures.N_COLUMNS))
