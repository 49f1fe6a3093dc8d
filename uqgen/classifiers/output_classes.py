"""Classes out of a network's many outputs: some of them, or several for one class."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from uqgen.settings import require

Classes = Sequence[int | Sequence[int]]


class OutputClasses(nn.Module):
    """Makes logits of K classes of the logits of a network with L outputs.

    The logit of a class is the log-sum-exp of those of its outputs: its probability is the sum of theirs, given that
    the image is of one of the K classes.

    Args:
        classes: for each class the position of its output, from 0 on, or a list of those of several outputs.

    Raises:
        SettingError: positions are none, or one is used twice.

    Attributes:
        n_classes: K.
        n_outputs: L at the least.
    """

    def __init__(self, classes: Classes) -> None:
        super().__init__()
        check_classes(classes)
        groups = _groups(classes)
        self.n_classes, self.n_outputs = len(groups), 1 + max(map(max, groups))
        widest = max(map(len, groups))
        padded = torch.tensor([[*group, *[-1] * (widest - len(group))] for group in groups])
        self.register_buffer("outputs", padded)
        self.outputs: Tensor

    def forward(self, logits: Tensor) -> Tensor:
        """Logits float [N, L] to float [N, K]."""
        return logits[:, self.outputs].masked_fill(self.outputs < 0, -torch.inf).logsumexp(dim=2)


def check_classes(classes: Classes) -> None:
    """Refuses what `OutputClasses` cannot use; see there."""
    groups = _groups(classes)
    used = [output for group in groups for output in group]
    integers = all(isinstance(output, int) and not isinstance(output, bool) and output >= 0 for output in used)
    allowed = "for each class the position of an output, from 0 on, or a list of such"
    require(
        len(groups) > 1 and all(groups) and integers, "classes", list(classes), f"{allowed}; of two classes or more"
    )
    twice = sorted({output for output in used if used.count(output) > 1})
    require(not twice, "classes", f"output {twice[:3]} twice", "each output in one place alone")


def _groups(classes: Classes) -> list[list[int]]:
    return [list(entry) if isinstance(entry, Sequence) and not isinstance(entry, str) else [entry] for entry in classes]
