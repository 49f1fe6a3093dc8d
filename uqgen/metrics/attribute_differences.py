"""Whether the named attributes of images, in the mean of each class, are those of real images.

Features and networks say that images differ. Attributes say by what: strokes are thicker, or loops are open.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from uqgen import seeding
from uqgen.data.attributes import ATTRIBUTES, measure_attributes
from uqgen.metrics.bootstrap import NORMAL_95, Estimate, Floats
from uqgen.metrics.metric import Evaluated, Metric, Row, Sample, control, register

N_MOST = 5_000  # images measured on either side
FEWEST = 100  # of a class in a part of the range, on either side
ROUNDING = 1e-9  # share of a mean, or number, below which a standard deviation is that of rounding
DRAWING = 4  # a stream of random numbers

Part = Literal["certain", "below"]
PARTS: tuple[Part, ...] = ("certain", "below")
Measured = tuple[Sample, Floats]  # images and their attributes


@dataclass(frozen=True)
class AttributeDifference:
    """The mean of one attribute over images of one class in one part of the range of scores.

    Attributes:
        attribute, unit: the attribute's.
        class_name: the class.
        part: of the range, the certain end or all below it.
        generated, real: the means, in the attribute's unit.
        difference: generated - real in standard deviations, Cohen's d, with a 95 % interval; see `standardised`.
    """

    attribute: str
    unit: str
    class_name: str
    part: Part
    generated: float
    real: float
    difference: Estimate

    @property
    def size(self) -> float:
        """The difference without its sign."""
        return abs(self.difference.value)


@dataclass(frozen=True)
class AttributeDifferences:
    """Of all attributes and classes, at the certain end and below it.

    Attributes:
        largest: absolute difference, in standard deviations.
        floor: the same of as many training images in place of generated ones.
        each: every difference that is defined, the largest first.
    """

    largest: float
    floor: float
    each: tuple[AttributeDifference, ...]


@control("attributes")
def of_evaluation(found: Evaluated) -> AttributeDifferences | None:
    """Of images requested as in the data, beside real ones; None of points, and of too few images of every class."""
    if not found.is_image:
        return None
    rng = seeding.generator(found.seed, DRAWING)
    real, train = (
        _measured(_drawn(side, rng), what) for side, what in ((found.real, "real"), (found.train, "training"))
    )
    generated = _measured(Sample(*(part[:N_MOST] for part in found.as_data)), "generated")
    ours, floor = (_differences(found, side, real) for side in (generated, train))
    if not ours or not floor:
        return None
    return AttributeDifferences(ours[0].size, floor[0].size, tuple(ours))


def standardised(generated: Floats, real: Floats) -> Estimate | None:
    """Difference of two means in standard deviations: Cohen (1988), "Statistical power analysis", equation 2.5.1.

    The interval is the normal one of Hedges and Olkin (1985), "Statistical methods for meta-analysis", chapter 5.

    Args:
        generated, real: float64 [N] and [M], both at least 2.

    Returns:
        Generated less real, divided by the pooled standard deviation; None where neither side varies.

    Examples:
        >>> found = standardised(np.array([1.0, 3.0]), np.array([2.0, 4.0]))
        >>> round(found.value, 3)
        -0.707
    """
    n, m = len(generated), len(real)
    squares = sum(((side - side.mean()) ** 2).sum() for side in (generated, real))
    deviation = float(np.sqrt(squares / (n + m - 2)))
    if deviation <= ROUNDING * max(1.0, abs(float(real.mean()))):
        return None
    value = float(generated.mean() - real.mean()) / deviation
    half = NORMAL_95 * ((n + m) / (n * m) + value**2 / (2 * (n + m))) ** 0.5
    return Estimate(value, value - half, value + half)


def _differences(found: Evaluated, ours: Measured, theirs: Measured) -> list[AttributeDifference]:
    """Every difference that is defined, the largest first."""
    return sorted(_each(found, ours, theirs), key=lambda each: each.size, reverse=True)


def _each(found: Evaluated, ours: Measured, theirs: Measured) -> Iterator[AttributeDifference]:
    for label, class_name in enumerate(found.class_names):
        for part in PARTS:
            sides = [
                attributes[((images.label == label) & (found.is_certain(images.score) == (part == "certain"))).numpy()]
                for images, attributes in (ours, theirs)
            ]
            if min(map(len, sides)) < FEWEST:
                continue
            for attribute, one, other in zip(ATTRIBUTES.values(), *(side.T for side in sides), strict=True):
                if difference := standardised(one, other):
                    means = float(one.mean()), float(other.mean())
                    yield AttributeDifference(attribute.name, attribute.unit, class_name, part, *means, difference)


def _measured(images: Sample, what: str) -> Measured:
    return images, measure_attributes(images.x, f"{what} images")


def _drawn(images: Sample, rng: torch.Generator) -> Sample:
    drawn = torch.randperm(len(images.x), generator=rng)[:N_MOST]
    return Sample(*(part[drawn] for part in images))


_PATH, _TITLE = "controls/attributes", "largest difference of an attribute's mean in a class (standard deviations)"
register(
    Metric(
        f"{_PATH}/largest",
        _TITLE,
        "lower",
        digits=2,
        name="attribute_difference",
        theme="realism",
        floor=f"{_PATH}/floor",
        data="images",
        rows=[Row("controls", _TITLE, {"generated": f"{_PATH}/largest", "real": f"{_PATH}/floor"}, "{:.2f}")],
    )
)
