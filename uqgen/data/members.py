"""Which images, or points, a split holds: known by their content, wherever they lie and whatever they are called."""

import hashlib
from typing import NamedTuple

import torch
from torch import Tensor


class Members(NamedTuple):
    """The N members of a split, in their order.

    Attributes:
        digest: int64 [N], of what each is before any corruption, and of its class.
        position: int64 [N], in the source of the split, by which a corruption is drawn.
    """

    digest: Tensor
    position: Tensor


def digests(x: Tensor, label: Tensor) -> Tensor:
    """The first 8 bytes of a BLAKE2 of each item and its class, int64 [N].

    Args:
        x: uint8 [N, C, H, W], or float32 [N, 2].
        label: int64 [N].
    """
    items = zip(x.contiguous().flatten(1).numpy(), label.tolist(), strict=True)
    found = (hashlib.blake2b(item.tobytes() + str(label).encode(), digest_size=8).digest() for item, label in items)
    return torch.tensor([int.from_bytes(digest, "little", signed=True) for digest in found], dtype=torch.int64)


def find_members(members: Tensor, among: Tensor) -> tuple[Tensor, Tensor]:
    """Members that are still there: their places in `members`, and where each lies in `among`; int64 [M], M <= N.

    Args:
        members, among: digests int64 [N] and int64 [L]; of copies of one image each is found once.
    """
    ordered, places = among.sort(stable=True)
    wanted = torch.searchsorted(ordered, members) + _nth(members)
    own = (wanted < len(among)).nonzero()[:, 0]
    own = own[ordered[wanted[own]] == members[own]]
    return own, places[wanted[own]]


def n_found(members: Tensor, among: Tensor) -> int:
    """How many members `find_members` finds."""
    return len(find_members(members, among)[0])


def copies(members: Tensor, split: Tensor) -> Tensor:
    """Members that are in an earlier split, too: the place of each, and of one that is the same; int64 [M, 2].

    Args:
        members: digests int64 [N] of all splits, one after the other.
        split: int64 [N], the number of the split of each, rising.
    """
    ordered, order = members.sort(stable=True)
    is_first = torch.cat([torch.ones(1, dtype=torch.bool), ordered[1:] != ordered[:-1]])
    first = order[(torch.arange(len(members)) * is_first).cummax(0).values]  # the earliest that is the same
    pairs = torch.stack([order, first], dim=1)[split[order] > split[first]]
    return pairs[pairs[:, 0].argsort()]


def _nth(members: Tensor) -> Tensor:
    """How many copies of each come before it, int64 [N]."""
    ordered, order = members.sort(stable=True)
    before = torch.arange(len(members)) - torch.searchsorted(ordered, ordered)
    return torch.empty_like(before).index_copy_(0, order, before)
