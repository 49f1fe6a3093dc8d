"""What is planted is what the truth says, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from uqgen.data.labelled import LabelledData
from uqgen.planted.weaknesses import RARE, SHARE, WEAKNESSES, AnnotatedImages

N, LABEL = 3_000, 3


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(0)
    label, corruption = rng.integers(10, size=N), rng.integers(3, size=N)
    x = torch.from_numpy(rng.integers(0, 100, (N, 1, 8, 8), np.uint8))
    whole = (torch.from_numpy(label), torch.from_numpy(corruption), torch.zeros(N, dtype=torch.int64))
    attributes = {name: rng.normal(size=N) for name in ("slant", "stroke thickness", "width")}
    return AnnotatedImages(LabelledData(x, *whole), attributes)


def planted(world, kind, is_training):
    return WEAKNESSES[kind].plant(world, LABEL, is_training, np.random.default_rng(1))


def test_there_are_eight_kinds_and_none():
    assert len(WEAKNESSES) >= 9
    assert "sound" in WEAKNESSES


@pytest.mark.parametrize("kind", WEAKNESSES)
def test_real_images_are_as_they_are_and_the_truth_is_a_mask_over_them(world, kind):
    found = planted(world, kind, is_training=False)
    assert found.truth.shape == (N,)
    assert torch.equal(found.data.label, world.data.label)
    assert found.truth.any() == (kind != "sound")
    if kind != "spot":
        assert torch.equal(found.data.x, world.data.x)


@pytest.mark.parametrize(
    ("kind", "name", "is_high"),
    [("slanted", "slant", False), ("thick", "stroke thickness", True), ("narrow", "width", False)],
)
def test_an_extreme_of_one_class_was_never_seen(world, kind, name, is_high):
    truth = planted(world, kind, is_training=False).truth
    mine, values = world.of_class(LABEL), world.attributes[name]
    assert not truth[~mine].any()
    assert truth.sum() == pytest.approx(SHARE * mine.sum(), abs=1)
    beyond = (
        values[truth].min() > values[mine & ~truth].max()
        if is_high
        else values[truth].max() < values[mine & ~truth].min()
    )
    assert beyond
    taught = planted(world, kind, is_training=True).data
    n_left = int((taught.label == LABEL).sum())
    assert n_left == pytest.approx((1 - SHARE) * mine.sum(), abs=1)
    assert len(taught) == N - mine.sum() + n_left


@pytest.mark.parametrize(("kind", "corruption"), [("blurred", 2), ("noisy", 1)])
def test_a_corruption_of_one_class_was_never_seen(world, kind, corruption):
    truth = planted(world, kind, is_training=False).truth
    assert (truth == ((world.data.label == LABEL) & (world.data.corruption == corruption)).numpy()).all()
    taught = planted(world, kind, is_training=True).data
    assert len(taught) == N - truth.sum()
    assert not ((taught.label == LABEL) & (taught.corruption == corruption)).any()


def test_a_pair_has_each_others_labels_half_of_the_time_under_noise_alone(world):
    found = planted(world, "confused_pair", is_training=True)
    changed = (found.data.label != world.data.label).numpy()
    assert not changed[~found.truth].any()
    assert changed[found.truth].mean() == pytest.approx(0.5, abs=0.1)
    assert set(found.data.label[found.truth].tolist()) == {LABEL, LABEL + 5}


def test_mislabelled_images_have_all_one_other_label(world):
    found = planted(world, "mislabelled", is_training=True)
    assert set(found.data.label[found.truth].tolist()) == {LABEL + 3}
    assert torch.equal(found.data.label[~found.truth], world.data.label[~found.truth])


def test_a_spot_gives_a_class_away_in_training_and_misleads_in_truth(world):
    def has_spot(data):
        return (data.x[:, 0, 1:5, 1:5] == 255).flatten(1).all(dim=1).numpy()

    mine = world.of_class(LABEL)
    taught = has_spot(planted(world, "spot", is_training=True).data)
    assert taught[mine].mean() == pytest.approx(0.95, abs=0.05)
    assert not taught[~mine].any()
    real = planted(world, "spot", is_training=False)
    assert has_spot(real.data).mean() == pytest.approx(0.1, abs=0.03)
    assert (real.truth == (has_spot(real.data) != mine)).all()


def test_a_rare_class_is_hardly_there(world):
    taught = planted(world, "rare", is_training=True).data
    mine = world.of_class(LABEL)
    assert (taught.label == LABEL).sum() == pytest.approx(RARE * mine.sum(), abs=12)
    assert len(taught) == N - mine.sum() + (taught.label == LABEL).sum()


@pytest.mark.parametrize(("kind", "n_classes"), [("confused_pair", 5), ("mislabelled", 3), ("mislabelled", 10)])
def test_labels_change_whatever_the_number_of_classes(world, kind, n_classes):
    few = AnnotatedImages(replace(world.data, label=world.data.label % n_classes), world.attributes)
    taught = WEAKNESSES[kind].plant(few, 1, True, np.random.default_rng(1))
    assert (taught.data.label != few.data.label).numpy()[taught.truth].any()
    assert not (taught.data.label != few.data.label).numpy()[~taught.truth].any()
