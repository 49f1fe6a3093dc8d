import pytest
import torch
from sklearn.datasets import make_moons

from uqgen.data.moons import MoonsDataModule, draw_moons
from uqgen.settings import SettingError


def set_up(**settings):
    module = MoonsDataModule(**{"n_train": 300, "n_validation": 200, "n_test": 101, **settings})
    module.setup()
    return module


def points(module):
    return {tuple(point) for split in (module.train, module.validation, module.test) for point in split.x.tolist()}


def test_points_are_scikit_learns():
    x, label = make_moons(50, noise=0.2, random_state=7)
    data = draw_moons(50, 0.2, 7)
    torch.testing.assert_close(data.x, torch.from_numpy(x).float())
    assert data.label.tolist() == label.tolist()


def test_shapes_and_types():
    module = set_up()
    assert (module.n_classes, len(module.class_names), module.shape, module.is_image) == (2, 2, (2,), False)
    assert [len(split) for split in (module.train, module.validation, module.test)] == [300, 200, 101]
    assert (module.train.x.shape, module.train.x.dtype) == ((300, 2), torch.float32)
    assert module.train.label.dtype == torch.int64
    assert module.train.label.bincount().tolist() == [150, 150]
    assert not module.train.corruption.any()
    assert not module.train.severity.any()


def test_upper_and_lower_are_the_right_way_round():
    data = set_up(noise=0.0).train
    assert data.x[data.label == 0, 1].mean() > data.x[data.label == 1, 1].mean()


def test_no_point_is_in_two_splits_or_under_two_seeds():
    # Of one size, since splits of two sizes differ even when they are drawn with the same seed.
    all_points = [points(set_up(seed=seed, n_train=200, n_validation=200, n_test=200)) for seed in range(3)]
    assert [len(some) for some in all_points] == [600] * 3
    assert len(set.union(*all_points)) == 3 * 600


def test_the_seed_alone_decides():
    first, second = set_up(seed=5), set_up(seed=5)
    assert first.train.x.equal(second.train.x)
    assert first.test.label.equal(second.test.label)


def test_noise_is_its_standard_deviation():
    clean, noisy = draw_moons(20_000, 0.0, 3), draw_moons(20_000, 0.3, 3)
    assert clean.label.equal(noisy.label)
    noise = noisy.x - clean.x
    assert noise.std(dim=0).tolist() == pytest.approx([0.3, 0.3], rel=0.02)
    # Without noise the points lie on two half circles of radius 1.
    centre = torch.where(clean.label[:, None] == 0, torch.tensor([0.0, 0.0]), torch.tensor([1.0, 0.5]))
    torch.testing.assert_close((clean.x - centre).norm(dim=1), torch.ones(20_000))


def test_limit_keeps_the_first_points_of_both_classes():
    whole, limited = set_up(), set_up(limit=40)
    assert [len(split) for split in (limited.train, limited.validation, limited.test)] == [40, 40, 40]
    assert limited.train.x.equal(whole.train.x[:40])
    assert limited.train.label.unique().tolist() == [0, 1]


def test_setting_up_twice_changes_nothing():
    module = set_up()
    train = module.train
    module.setup("test")
    assert module.train is train


def test_a_loader_hands_out_every_point_once_in_whole_batches():
    module = set_up(batch_size=128)
    validation = list(module.val_dataloader())
    assert [len(batch.label) for batch in validation] == [128, 72]
    assert torch.cat([batch.x for batch in validation]).equal(module.validation.x)
    assert torch.cat([batch.label for batch in module.test_dataloader()]).equal(module.test.label)

    first, second = ([batch.x for batch in module.train_dataloader()] for _ in range(2))
    assert [len(x) for x in first] == [128, 128, 44]
    assert {tuple(point) for point in torch.cat(first).tolist()} == {tuple(point) for point in module.train.x.tolist()}
    assert not torch.cat(first).equal(torch.cat(second))


@pytest.mark.parametrize(
    "setting",
    [
        {"n_train": 1},
        {"n_validation": 0},
        {"n_test": 2.5},
        {"noise": -0.1},
        {"noise": float("nan")},
        {"limit": 0},
        {"batch_size": 0},
        {"seed": -1},
    ],
)
def test_settings_out_of_range_are_refused(setting):
    (name,) = setting
    with pytest.raises(SettingError, match=f"^{name}="):
        MoonsDataModule(**setting)
