from dataclasses import replace

import pytest
import torch
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import to_uint8, unit_range
from uqgen.explanation import guided_search
from uqgen.explanation.editing import GUIDED, Editor, rescored
from uqgen.explanation.edits import FAR, pixel_distance, smallest
from uqgen.explanation.guided_search import GuidedSearch
from uqgen.scores import get_score

MSP = get_score("msp")


@pytest.fixture
def target():
    torch.manual_seed(3)
    return FrozenClassifier(nn.Sequential(nn.Flatten(), nn.Linear(64, 3)))


@pytest.fixture
def given(small, target):
    """Images that are what the target says of them, not quite what the model makes."""
    x = unit_range(to_uint8(small.known.x + 0.1 * torch.randn(small.known.x.shape)))
    vectors = target(x).softmax(dim=1)
    own = small.own._replace(score=vectors.amax(dim=1), probabilities=vectors)
    found = replace(small.known, x=x, own=own)
    return replace(found, reconstruction=small.inverter.regenerate(found, own))


def editor(small, target, tolerance, n_steps=20):
    return Editor(small.inverter, target, MSP, (0.35, 1.0), tolerance, n_steps)


def guided(ours, given, requested, start, way=GUIDED):
    return ours.by_guidance(given, requested, {way: start})[way]


def test_who_asks_for_the_own_score_gets_the_image_back(small, given, target):
    ours, requested = editor(small, target, 0.01, n_steps=2), given.own.score
    edits = guided(ours, given, requested, ours.by_condition(given, requested))
    for number in range(3):
        assert edits.x[number, number].equal(to_uint8(given.x[number]))


def test_the_change_is_what_the_condition_changes_in_the_model(small, given, target):
    requested = torch.tensor([0.4, 0.9])
    start = editor(small, target, 0.01).by_condition(given, requested)
    assert start.edits.x.shape == (3, 2, 1, 8, 8)
    for level in range(2):
        fed = rescored(small.model.encoding, given.own, start.fed[:, level])
        expected = to_uint8(given.x + small.inverter.regenerate(given, fed) - given.reconstruction)
        assert start.edits.x[:, level].equal(expected)


def test_guidance_reaches_what_no_condition_does(small, given, target):
    requested, ours = torch.tensor([0.4, 0.5, 0.7]), editor(small, target, 0.02)
    start = ours.by_condition(given, requested)
    before, after = start.edits, guided(ours, given, requested, start)
    miss_before, miss_after = ((each.score_out - requested).abs() for each in (before, after))
    assert miss_before.max() > 0.02
    assert miss_after.max() <= 0.02
    reached = miss_before <= 0.02
    assert after.x[reached].equal(before.x[reached])


def test_an_edit_that_misses_its_score_is_the_nearest_there_was(small, given, target, monkeypatch):
    requested, ours = torch.tensor([0.5, 0.9]), editor(small, target, 1e-7, n_steps=3)
    sound = Editor.guidance
    monkeypatch.setattr(Editor, "guidance", lambda *arguments: sound(*arguments).of_strength(30.0))  # goes too far
    start, seen = ours.by_condition(given, requested), []
    made = GuidedSearch._made
    monkeypatch.setattr(GuidedSearch, "_made", lambda *args: seen.append(made(*args)) or seen[-1])
    edits = guided(ours, given, requested, start)
    assert len(seen) == 8
    alone = [to_uint8(x.detach()).view(3, 2, 1, 8, 8) for x in seen[:4]]  # as the target alone leads, from the start on
    passed = [ours._scored(x, given).score_out for x in alone]
    least = torch.stack([(each - requested).abs() for each in [start.edits.score_out, *passed]]).amin(dim=0)
    torch.testing.assert_close((edits.score_out - requested).abs(), least, rtol=0, atol=1e-5)


def test_guidance_goes_on_until_the_score_holds_while_the_image_is_moved(small, given, target, monkeypatch):
    requested, ours = torch.tensor([0.45, 0.55, 0.65]), editor(small, target, 0.05, n_steps=40)
    start, label = ours.by_condition(given, requested), given.own.label
    edits, still = guided(ours, given, requested, start), replace(ours)
    monkeypatch.setitem(vars(still), "views", (target,))  # which sees nothing moved
    alone = guided(still, given, requested, start)
    for each in (alone, edits):
        assert (each.score_out - requested).abs().max() <= 0.05
    change, least = (pixel_distance(each.x, to_uint8(given.x)[:, None]) for each in (edits, alone))
    assert (change <= FAR * least + 1e-4).all()
    held, held_alone = (int(ours.holds(each.x, label, requested).sum()) for each in (edits, alone))
    assert held > held_alone


def test_an_aspect_reaches_a_score_by_its_own_part_of_the_code(small, given, target, monkeypatch):
    ours, requested = editor(small, target, 0.02), torch.tensor([0.5])
    changed, codes = guided_search.changed, []

    def remember(inverter, inversion, parts, code):
        codes.append(code.detach())
        return changed(inverter, inversion, parts, code)

    one = given.select(slice(1))
    start = small.inverter.code(one.latent, small.model.encoding(one.own)) + one.offset
    monkeypatch.setattr(guided_search, "changed", remember)
    for name, within in small.inverter.aspects.items():
        codes.clear()
        edits = guided(ours, one, requested, ours._untouched(one, 1), name)
        moved = codes[-1] - start
        assert moved.norm() > 1e-3
        torch.testing.assert_close(within(moved), moved, rtol=1e-3, atol=1e-4)
        miss = abs(ours._untouched(one, 1).edits.score_out - requested), abs(edits.score_out - requested)
        assert miss[1] < miss[0]


def test_an_image_is_edited_alike_whatever_else_is_edited(small, given, target):
    ours, requested = editor(small, target, 0.02, n_steps=4), torch.tensor([0.5])
    together = ours.by_all_ways(given, requested)
    alone = ours.by_all_ways(given.select(slice(2, 3)), requested)
    for name, edits in together.items():
        assert (edits.x[2:].int() - alone[name].x.int()).abs().max() <= 1


def test_each_way_is_what_it_is_without_the_others(small, given, target):
    ours, requested = editor(small, target, 0.02, n_steps=4), torch.tensor([0.5, 0.9])
    together = ours.by_all_ways(given, requested)
    untouched = ours._untouched(given, 2)
    for way in ours.inverter.aspects:
        alone = guided(ours, given, requested, untouched, way)
        assert (alone.x.int() - together[way].x.int()).abs().max() <= 1
        assert not alone.x.equal(untouched.edits.x)


def test_of_all_ways_the_smallest_change_that_reaches_the_score_counts(small, given, target):
    ours, requested = editor(small, target, 0.02), torch.tensor([0.4, 0.7])
    ways, x = ours.by_all_ways(given, requested), to_uint8(given.x)
    assert list(ways) == ["condition", *ours.ways]
    named = [ways[name] for name in ours.ways]
    held = [torch.ones(3, 2, dtype=torch.bool)] * len(named)
    best, way = smallest(named, x, requested, 0.02, held)
    assert (best.score_out - requested).abs().max() <= 0.02
    for edits in ways.values():
        reached = (edits.score_out - requested).abs() <= 0.02
        assert (pixel_distance(best.x, x[:, None])[reached] <= pixel_distance(edits.x, x[:, None])[reached]).all()
    chosen = [[ways[ours.ways[number]].x[n, s] for s, number in enumerate(row)] for n, row in enumerate(way.tolist())]
    assert best.x.equal(torch.stack([torch.stack(row) for row in chosen]))
    two, both = smallest(named, x, requested, 0.02, held, n=2)
    assert two.x[:, ::2].equal(best.x)
    assert (both[:, ::2] != both[:, 1::2]).all()


def test_scores_beyond_the_ends_are_reached_too(small, given, target):
    ours = replace(editor(small, target, 0.02), ends=(0.6, 0.8))
    requested = torch.tensor([0.45])
    edits = guided(ours, given, requested, ours.by_condition(given, requested))
    assert (edits.score_out - requested).abs().max() <= 0.02


def test_the_own_score_keeps_the_own_vector_and_another_flattens_it(small):
    same = rescored(small.model.encoding, small.own, small.own.score)
    assert same.probabilities.equal(small.own.probabilities)
    flat = rescored(small.model.encoding, small.own, torch.full((3,), 0.5))
    torch.testing.assert_close(flat.probabilities.amax(dim=1), torch.full((3,), 0.5), rtol=0, atol=1e-3)
    assert flat.probabilities.argsort(dim=1).equal(small.own.probabilities.argsort(dim=1))
    assert flat.label.equal(small.own.label)
