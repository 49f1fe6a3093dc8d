import pytest

import uqgen
from uqgen.explanation.editing_settings import EditingSettings
from uqgen.explanation.editing_study import study_edits
from uqgen.settings import SettingError


def test_a_tolerance_within_which_no_edit_is_wanted_is_refused(tiny_run):
    run = uqgen.load(tiny_run)
    allowed = "editing.tolerance=1.0: allowed: less, or more edits: 0 of the scores requested are farther than that"
    with pytest.raises(SettingError, match=f"^{allowed}"):
        study_edits(run.model, run.evaluator, 3, EditingSettings(tolerance=1.0))
