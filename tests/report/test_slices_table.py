import pytest

from uqgen.report.explanation_tables import slices_rows

ESTIMATE = {"value": 0.3, "low": 0.2, "high": 0.4}


@pytest.mark.parametrize(
    ("judges", "is_confirmed", "is_own", "kind"),
    [
        ([ESTIMATE], True, True, "own weakness"),
        ([ESTIMATE], True, False, "hard for all"),
        ([ESTIMATE], False, False, "hypothesis"),
        ([], True, True, "confirmed"),  # nobody says whether the images are hard for all
        ([], False, False, "hypothesis"),
    ],
)
def test_a_slice_is_an_own_weakness_only_where_judges_do_better(judges, is_confirmed, is_own, kind):
    found = {
        "number": 1,
        "size": 40,
        "n_errors": 12,
        "error_rate": ESTIMATE,
        "rest": ESTIMATE,
        "judges": judges,
        "explained": 3.0,
        "is_confirmed": is_confirmed,
        "is_own": is_own,
        "mean_score": 0.6,
    }
    _, row = slices_rows([found], "msp", (0.3, 1))
    _, narrow = slices_rows([found | {"mean_score": 0.1003}], "odin_temperature", (0.1, 0.1006))
    assert (row[-1], narrow[-1]) == ("0.60", "0.10030")
    assert row[1] == kind
