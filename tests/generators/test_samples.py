import torch
from PIL import Image

from uqgen.conditioning.condition import Condition
from uqgen.fitting.samples import SampleGrid, sample_grid
from uqgen.report.shown_classes import ShownClasses

SCORES = [0.9, 0.6, 0.3]


def test_a_row_is_one_class_with_one_noise_and_a_column_is_one_score(make_gan):
    gan = make_gan()
    for layer in gan.ema.module.layers:
        torch.nn.init.constant_(layer.noise_strength, 0.5)
    grid = sample_grid(gan, range(3), SCORES, seed=4)
    assert grid.shape == (3, 3, 1, 8, 8)
    rows = sample_grid(gan, range(3), [0.6], seed=4)
    torch.testing.assert_close(grid[:, 1], rows[:, 0])
    same_score = sample_grid(gan, range(3), [0.6, 0.6], seed=4)
    torch.testing.assert_close(same_score[:, 0], same_score[:, 1])
    assert not torch.isclose(same_score[0, 0], same_score[1, 0]).all()


def test_classes_and_scores_are_requested_in_their_places(make_gan, monkeypatch):
    gan, requested = make_gan(), []
    forward = gan.forward

    def spied(latent, condition):
        requested.append(condition)
        return forward(latent, condition)

    monkeypatch.setattr(gan, "forward", spied)
    sample_grid(gan, [0, 2], SCORES, seed=0)
    (condition,) = requested
    assert isinstance(condition, Condition)
    assert condition.label.tolist() == [0, 0, 0, 2, 2, 2]
    assert condition.score.equal(torch.tensor(SCORES * 2))


def test_the_seed_alone_decides(make_gan):
    gan = make_gan()
    first = sample_grid(gan, range(3), SCORES, seed=4)
    torch.rand(3)
    assert sample_grid(gan, range(3), SCORES, seed=4).equal(first)
    assert not sample_grid(gan, range(3), SCORES, seed=5).equal(first)


def test_grids_are_drawn_as_the_training_goes(make_gan, train, tmp_path):
    grid = SampleGrid(tmp_path / "samples", ShownClasses.all(["a", "b", "c"]), SCORES, "msp", 32, 0)
    gan = make_gan(n_images=48)
    drawn_without = train(make_gan(n_images=48), tmp_path / "without").state_dict()
    train(gan, tmp_path / "with", grid)
    paths = sorted((tmp_path / "samples").iterdir())
    assert [path.name for path in paths] == ["000000032.png", "000000048.png"]
    for path in paths:
        with Image.open(path) as image:
            assert min(image.size) > 50
    # Looking does not change what is looked at.
    assert all(value.equal(drawn_without[name]) for name, value in gan.state_dict().items())
