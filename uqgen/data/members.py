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


def find(members: Tensor, among: Tensor) -> tuple[Tensor, Tensor]:
    """Members that are still there: their places in `members`, and where each lies in `among`; int64 [M], M <= N.

    Args:
        members, among: digests int64 [N] and int64 [L]; of copies of one image each is found once.
    """
    places: dict[int, list[int]] = {}
    for place, digest in enumerate(among.tolist()):
        places.setdefault(digest, []).append(place)
    found = [(own, places[digest].pop(0)) for own, digest in enumerate(members.tolist()) if places.get(digest)]
    both = torch.tensor(found, dtype=torch.int64).view(-1, 2)
    return both[:, 0], both[:, 1]
