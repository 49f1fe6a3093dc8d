"""What finds slices: ours, parts of it left out, and what people use today. None of it knows the truth."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

from uqgen.explanation.slicing import Floats, Rule, Seen, confirm, find_regions, members_of

N_CLUSTERS = 25  # as in Domino
EMPHASIS = 10.0  # on class and prediction beside the features, as there
LEAST_CERTAIN = 0.1  # share of the images that the worst-confidence list holds


@dataclass(frozen=True)
class Material:
    """What a method may look at.

    Attributes:
        found_on: real images that serve to find.
        held_out: real images that do not.
        generated: images guided to be uncertain for the classifier.
        found_on_gradients, held_out_gradients: float64 [N, F], components of the pixel gradients of both.
        n_classes: number of classes K.
        n_most: number of slices.
        seed: of what is drawn.
    """

    found_on: Seen
    held_out: Seen
    generated: Seen
    found_on_gradients: Floats
    held_out_gradients: Floats
    n_classes: int
    n_most: int
    seed: int


@dataclass(frozen=True)
class Reported:
    """One slice of a method, in its order.

    Attributes:
        members: positions of held-out images, the most typical first.
        is_reported: whether the method stands by it.
        error_rate: of them.
    """

    members: tuple[int, ...]
    is_reported: bool
    error_rate: float


Method = Callable[[Material], list[Reported]]
METHODS: dict[str, Method] = {}


def method(name: str) -> Callable[[Method], Method]:
    """Decorator that registers a method under the name that tables have."""

    def register(find: Method) -> Method:
        METHODS[name] = find
        return find

    return register


@method("slices")
def slices(material: Material) -> list[Reported]:
    """As `uqgen.explain` finds, confirms and orders them."""
    regions = find_regions(material.found_on, material.generated, material.n_most, material.seed)
    return _confirmed(regions, material)


@method("slices, real images alone")
def without_generated(material: Material) -> list[Reported]:
    """The same without generated images."""
    return slices(replace(material, generated=material.generated.select(slice(0))))


@method("slices without judges")
def without_judges(material: Material) -> list[Reported]:
    """The same without judges, so that images which are hard for all are not known."""
    found_on, held_out, generated = (
        replace(each, judges_wrong=each.judges_wrong[:, :0])
        for each in (material.found_on, material.held_out, material.generated)
    )
    return slices(replace(material, found_on=found_on, held_out=held_out, generated=generated))


@method("least certain images")
def least_certain(material: Material) -> list[Reported]:
    """One list: the images that the score finds the most uncertain."""
    return _as_they_are([_LeastCertain(float(np.quantile(material.found_on.certainty, LEAST_CERTAIN)))], material)


@method("k-means")
def k_means(material: Material) -> list[Reported]:
    """Clusters of the features, those with the most errors first."""
    return _as_they_are(_clusters(material), material)


@method("k-means, confirmed as slices are")
def k_means_confirmed(material: Material) -> list[Reported]:
    """The same clusters, tested on the held-out images and against the judges as ours are."""
    return _confirmed(_clusters(material), material)


@method("k-means of pixel gradients (after SpRAy)")
def k_means_of_gradients(material: Material) -> list[Reported]:
    """Clusters of where the classifier looks, as Lapuschkin et al. (2019) find its strategies."""
    found_on = replace(material.found_on, features=material.found_on_gradients)
    held_out = replace(material.held_out, features=material.held_out_gradients)
    return k_means(replace(material, found_on=found_on, held_out=held_out))


@method("Gaussian mixture (Domino-like)")
def mixture(material: Material) -> list[Reported]:
    """Components in features, class and prediction, those with the most errors first.

    Images of a component are told by their predictions, too, so that its errors are so by definition.
    """
    return _as_they_are(_components(material, reads_predictions=True), material)


@method("Gaussian mixture, confirmed as slices are")
def mixture_confirmed(material: Material) -> list[Reported]:
    """The same components, tested on the held-out images and against the judges as ours are.

    Images of a component are told by features and class alone: a prediction would say beforehand if it is an error.
    """
    return _confirmed(_components(material, reads_predictions=False), material)


def _confirmed(rules: Sequence[Rule], material: Material) -> list[Reported]:
    found = confirm(rules, material.held_out)
    return [Reported(each.members, each.is_own, each.error_rate.value) for each in found]


def _as_they_are(rules: Sequence[Rule], material: Material) -> list[Reported]:
    return [_as_it_is(rule, material.held_out) for rule in rules]


def _as_it_is(rule: Rule, held_out: Seen) -> Reported:
    members = members_of(rule, held_out)
    rate = float(held_out.is_wrong[members].mean()) if len(members) else np.nan
    return Reported(tuple(members.tolist()), len(members) > 0, rate)


@dataclass(frozen=True)
class _LeastCertain:
    bound: float

    @property
    def threshold(self) -> float:
        return -self.bound

    def degree(self, seen: Seen) -> Floats:
        return -seen.certainty


@dataclass(frozen=True)
class _Nearest:
    """Images whose nearest centre is this one, the nearest first."""

    model: KMeans
    number: int
    threshold: float = -np.inf

    def degree(self, seen: Seen) -> Floats:
        distance = self.model.transform(seen.features)
        mine = distance.argmin(axis=1) == self.number
        return np.where(mine, -distance[:, self.number], np.nan)


@dataclass(frozen=True)
class _MostProbable:
    """Images whose most probable component is this one, the most typical first.

    Attributes:
        model: of the first columns of features, class and prediction.
    """

    model: GaussianMixture
    n_classes: int
    number: int
    threshold: float = -np.inf

    def degree(self, seen: Seen) -> Floats:
        posterior = self.model.predict_proba(_with_labels(seen, self.n_classes)[:, : self.model.means_.shape[1]])
        mine = posterior.argmax(axis=1) == self.number
        return np.where(mine, posterior[:, self.number], np.nan)


def _clusters(material: Material) -> list[Rule]:
    model = KMeans(N_CLUSTERS, n_init=1, random_state=material.seed).fit(material.found_on.features)
    return _ranked((_Nearest(model, number) for number in range(N_CLUSTERS)), material)


def _components(material: Material, *, reads_predictions: bool) -> list[Rule]:
    given, n_classes = _with_labels(material.found_on, material.n_classes), material.n_classes
    model = GaussianMixture(N_CLUSTERS, covariance_type="diag", reg_covar=0.01, random_state=material.seed, max_iter=50)
    model.fit(given)
    told_by = model if reads_predictions else _marginal(model, given.shape[1] - n_classes)
    return _ranked((_MostProbable(told_by, n_classes, number) for number in range(N_CLUSTERS)), material)


def _marginal(model: GaussianMixture, n: int) -> GaussianMixture:
    """The mixture of the first n columns alone."""
    found = GaussianMixture(N_CLUSTERS, covariance_type="diag")
    found.weights_ = model.weights_
    for name in ("means_", "covariances_", "precisions_cholesky_"):
        setattr(found, name, getattr(model, name)[:, :n])
    return found


def _with_labels(seen: Seen, n_classes: int) -> Floats:
    hot = EMPHASIS * np.eye(n_classes)
    return np.concatenate([seen.features, hot[seen.label], hot[seen.predicted]], axis=1)


def _ranked(rules: Iterator[Rule], material: Material) -> list[Rule]:
    """By the number of errors among the images that serve to find, beyond those of as many others."""
    wrong = material.found_on.is_wrong

    def explained(rule: Rule) -> float:
        inside = rule.degree(material.found_on) >= rule.threshold
        return float(wrong[inside].sum() - inside.sum() * wrong.mean())

    return sorted(rules, key=explained, reverse=True)[: material.n_most]
