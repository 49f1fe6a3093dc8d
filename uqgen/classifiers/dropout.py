"""Samples of a network's dropout as the members of an ensemble.

Gal and Ghahramani (2016), "Dropout as a Bayesian approximation". There every image is given masks of its own, drawn
anew whenever it is seen. A score has to be a function of the image, so here every member has one mask for all images.
"""

import copy
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor, nn

from uqgen import seeding
from uqgen.classifiers.ensemble import Ensemble
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.recipe import ClassifierRecipe
from uqgen.settings import require
from uqgen.tensor_files import save_tensors


class FixedDropout(nn.Module):
    """Dropout whose mask depends on a seed and on the shape of what it is given, and on nothing else.

    Args:
        p: probability of being dropped.
        seed: integers that determine the mask.

    Examples:
        >>> dropped = FixedDropout(0.5, 7)(torch.ones(2, 100))
        >>> dropped[0].equal(dropped[1])  # one mask for all
        True
    """

    def __init__(self, p: float, *seed: int) -> None:
        super().__init__()
        self.p, self.seed = p, seed

    def forward(self, x: Tensor) -> Tensor:
        """Activations float [N, ...], the same ones of which are dropped for all N."""
        drawn = torch.rand(x.shape[1:], generator=seeding.generator(*self.seed), device="cpu")
        return x * (drawn >= self.p).to(x) / (1 - self.p)


def dropout_samples(network: nn.Module, n: int) -> Ensemble:
    """A network's `nn.Dropout` with n masks each: members that share all weights.

    Args:
        network: maps x to logits float [N, K].
        n: number of members.
    """
    return Ensemble(_sample(network, number) for number in range(n))


class DropoutRecipe(ClassifierRecipe):
    """One network, trained as others are, that `members` masks of its dropout make an ensemble of.

    A checkpoint holds the weights of the one network.

    Examples:
        >>> from functools import partial
        >>> from uqgen.classifiers.cnn import CNN
        >>> from uqgen.classifiers.module import ClassifierTraining
        >>> recipe = DropoutRecipe(partial(CNN, dropout=0.5), ClassifierTraining(epochs=1), members=20)
        >>> recipe.network_for((1, 32, 32), 10)  # doctest: +ELLIPSIS
        CNN(...
    """

    def singles(self) -> list[ClassifierRecipe]:
        """The recipe of the one network."""
        return [ClassifierRecipe(self.network, self.training, self.checkpoint, module=self.module)]

    def network_for(self, shape: tuple[int, ...], n_classes: int) -> nn.Module:
        """See `ClassifierSource`.

        Raises:
            SettingError: the network has no dropout, or there is no number of members.
        """
        require(self.members is not None, "members", self.members, "an integer, at least 2")
        (single,) = self.singles()
        network = single.network_for(shape, n_classes)
        some = any(_is_dropout(module) for module in network.modules())
        require(some, "network", type(network).__name__, "one with dropout, as network.dropout=0.5 gives a CNN")
        return network if self.checkpoint is None else self._joined([network])

    def keep(self, classifier: FrozenClassifier, path: Path) -> None:
        """Saves the weights of the one network."""
        save_tensors({"state_dict": classifier.network.members[0].state_dict()}, path)  # type: ignore[index, union-attr]

    def _joined(self, networks: list[nn.Module]) -> nn.Module:
        return dropout_samples(networks[0], self.members or 1)


def _sample(network: nn.Module, number: int) -> nn.Module:
    weights = chain(network.parameters(), network.buffers())
    sample = copy.deepcopy(network, {id(weight): weight for weight in weights})
    dropouts = [name for name, module in sample.named_modules() if _is_dropout(module)]
    for place, name in enumerate(dropouts):
        sample.set_submodule(name, FixedDropout(sample.get_submodule(name).p, number, place))  # type: ignore[arg-type]
    return sample


def _is_dropout(module: nn.Module) -> bool:
    return isinstance(module, nn.Dropout) and module.p > 0
