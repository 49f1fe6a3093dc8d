import pytest
import torch

import uqgen
from uqgen.conditioning.own_condition import own_condition
from uqgen.explanation.edit_quality import changes
from uqgen.explanation.editing_settings import EditingSettings
from uqgen.explanation.editing_study import N_NEAREST, _real_of, study_edits
from uqgen.explanation.given_image import GivenImages
from uqgen.settings import SettingError


@pytest.fixture(scope="module")
def run(tiny_run):
    return uqgen.load(tiny_run)


@pytest.mark.parametrize("ask", [lambda run, large: study_edits(run.model, run.evaluator, 3, large),
                                 lambda run, large: run.edit(3, 0.6, tolerance=large.tolerance)])  # fmt: skip
def test_a_tolerance_as_large_as_the_range_of_scores_is_refused(run, ask):
    allowed = r"editing.tolerance=0.7: allowed: less than 0.7, the width of the range of scores"
    with pytest.raises(SettingError, match=f"^{allowed}"):
        ask(run, EditingSettings(tolerance=0.7))


def test_edits_are_compared_with_real_images_of_their_class_and_score(run):
    context = run.evaluator
    real, own = context.data.train, context.own
    few = torch.arange(8)
    test = context.reference
    given = GivenImages(test.data.x[few], own_condition(test.logits[few], test.data.label[few], context.score))
    requested = torch.tensor([0.3, 0.6, 0.9])
    like = _real_of(context, given, requested, EditingSettings())
    image, level = changes(given, requested, EditingSettings.tolerance).nonzero(as_tuple=True)
    assert len(like) == len(image)
    for x, label, score in zip(like, given.own.label[image], requested[level], strict=True):
        of_class = own.label == label
        allowed = (own.score[of_class] - score).abs().topk(min(N_NEAREST, int(of_class.sum())), largest=False).indices
        assert (real.x[of_class][allowed] == x).flatten(1).all(dim=1).any()


def test_a_tolerance_within_which_no_edit_is_wanted_is_refused(run):
    allowed = "editing.tolerance=0.69: allowed: less, or more edits: [01] of the scores requested are farther than that"
    with pytest.raises(SettingError, match=f"^{allowed}"):
        study_edits(run.model, run.evaluator, 1, EditingSettings(tolerance=0.69, n_scores=2))
