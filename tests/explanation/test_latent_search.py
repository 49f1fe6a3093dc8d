import torch

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import to_uint8
from uqgen.explanation.editing import Editor
from uqgen.explanation.edits import pixel_distance
from uqgen.explanation.latent_search import search_latents
from uqgen.scores import get_score

MSP = get_score("msp")


def search(small, n_steps, requested):
    torch.manual_seed(3)
    target = FrozenClassifier(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3)))
    own = small.own._replace(score=MSP(target(small.known.x), small.own.label))
    editor = Editor(small.inverter, target, MSP, (0.35, 1.0), 0.01, n_steps=1)
    return own, search_latents(editor, small.known, requested, n_steps)


def test_the_search_comes_nearer_to_the_score_and_stays_near_the_image(small):
    requested = torch.tensor([0.5])
    own, edits = search(small, 60, requested)
    miss = (own.score[:, None] - requested).abs(), (edits.score_out - requested).abs()
    assert (miss[1] < miss[0]).all()
    apart = pixel_distance(to_uint8(small.known.x)[:, None], to_uint8(small.known.x)[None]).amax()
    assert (pixel_distance(edits.x, to_uint8(small.known.x)[:, None]) < 2 * apart).all()


def test_without_steps_nothing_changes(small):
    edits = search(small, 0, torch.tensor([0.5, 0.9]))[1]
    assert edits.x.equal(to_uint8(small.known.x)[:, None].expand(-1, 2, -1, -1, -1))
