import torch

from uqgen.conditioning.condition import Condition
from uqgen.report.shown_classes import MOST, ShownClasses, most_uncertain

MANY = [f"class {number}" for number in range(200)]
LABEL = torch.arange(200).repeat(3)
SCORE = 0.5 + LABEL * 37 % 199 / 400 + torch.tensor([0, 0.1, -0.1]).repeat_interleave(200)


def test_few_classes_are_all_shown_and_nothing_is_said_of_them():
    shown = most_uncertain(MANY[:MOST], Condition(LABEL, SCORE), "confident")
    assert list(shown.labels) == list(range(MOST))
    assert shown.note == []


def test_of_many_the_least_sure_are_shown_in_their_order():
    order = (torch.arange(200) * 37 % 199).argsort(stable=True)
    least, most = sorted(order[:MOST].tolist()), sorted(order[-MOST:].tolist())
    assert most_uncertain(MANY, Condition(LABEL, SCORE), "confident").labels == least
    shown = most_uncertain(MANY, Condition(LABEL, SCORE), "uncertain")
    assert shown.labels == most
    assert shown.shown_names == [f"class {number}" for number in most]
    assert shown.note == ["16 of 200 classes: those whose real training images have the most uncertain mean score"]


def test_a_class_without_images_is_not_chosen():
    has = LABEL != 0
    assert 0 in most_uncertain(MANY, Condition(LABEL, SCORE), "confident").labels
    assert 0 not in most_uncertain(MANY, Condition(LABEL[has], SCORE[has]), "confident").labels


def test_names_are_told_apart_from_those_of_classes_that_are_not_shown():
    names = ["Tomato___Late_blight", "Tomato___Early_blight"]
    assert ShownClasses(names, [1]).fitted(0.5, 9) == ["To…1"]
