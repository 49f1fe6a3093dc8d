"""A baseline of editing: a search of the latent space for an image of the score that is near the one given.

Antorán et al. (2021), "Getting a CLUE: a method for explaining uncertainty estimates", equation 2, in the latent space
of the model and with a score to reach instead of the least uncertainty.
"""

import torch
from torch import Tensor
from torch.optim import Adam

from uqgen.data.labelled import to_uint8, unit_range
from uqgen.explanation.editing import Editor
from uqgen.explanation.edits import Edits, edited_each
from uqgen.generators.inversion import AT_ONCE, Inversion

RATE = 0.1  # of Adam
NEARNESS = 0.03  # of the L1 distance of pixels in [0, 1], beside the squared log-odds: the paper's, for MNIST


def search_latents(editor: Editor, inversion: Inversion, requested: Tensor, n_steps: int) -> Edits:
    """Edits images by moving latents; each is left where it was nearest to its score, and stops once it reaches it.

    Args:
        editor: its model, target and tolerance.
        inversion: of N images.
        requested: float32 [S], on the CPU.
        n_steps: of Adam, at most.
    """
    at_once = min(AT_ONCE, editor.target.at_once(inversion.x))
    requested = requested.to(inversion.x.device)
    x = edited_each(
        lambda index, wanted: _searched(editor, inversion.select(index), wanted, n_steps),
        len(inversion),
        requested,
        at_once,
        "search of latents",
    )
    return Edits.scored(x, inversion.own.label, editor.target, editor.score)


def _searched(editor: Editor, inversion: Inversion, wanted: Tensor, n_steps: int) -> Tensor:
    """Images uint8 [M, C, H, W] on the CPU, whose scores come as near to float32 [M] as they did."""
    guidance, label = editor.guidance(wanted), inversion.own.label
    condition = inversion.own._replace(score=wanted, probabilities=None)
    z = inversion.latent.z.clone().requires_grad_()
    optimizer = Adam([z], lr=RATE)
    nearest, least = to_uint8(inversion.x), (editor.score(editor.target(inversion.x), label) - wanted).abs()
    for _ in range(n_steps):
        if (least <= editor.tolerance).all():
            break
        made = editor.made_of(inversion, z)
        away = (made - inversion.x).abs().sum(dim=(1, 2, 3)) / 2
        loss = (guidance.residual(made.clamp(-1, 1), condition).square() + NEARNESS * away).sum()
        (z.grad,) = torch.autograd.grad(loss, z)
        optimizer.step()
        with torch.no_grad():
            x = to_uint8(editor.made_of(inversion, z))
            miss = (editor.score(editor.target(unit_range(x)), label) - wanted).abs()
        is_nearer = (miss < least) & (least > editor.tolerance)
        nearest = torch.where(is_nearer[:, None, None, None], x, nearest)
        least = torch.where(is_nearer, miss, least)
    return nearest.cpu()
