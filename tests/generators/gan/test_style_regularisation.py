"""Path lengths and style mixing: StyleGAN2's regularisation of the generator."""

import pytest
import torch
from watched_training import Recorder, Spy

from uqgen.conditioning.condition import Condition
from uqgen.files import read_rows
from uqgen.generators.gan import module as gan_module
from uqgen.settings import SettingError

BATCH = 8


def test_path_lengths_are_pulled_to_their_moving_average(make_gan, train, tmp_path, monkeypatch):
    lengths, recorder = [], Recorder()
    path_lengths = gan_module.path_lengths

    def spied(*args):
        lengths.append((recorder.moments[-1].n_images, path_lengths(*args).detach()))
        return path_lengths(*args)

    monkeypatch.setattr(gan_module, "path_lengths", spied)
    gan = train(make_gan(n_images=40, path_length_weight=2.0), tmp_path, recorder, log_every=8, checkpoint_every=8)
    assert [n_images for n_images, _ in lengths] == [0, 32]
    mean = 0.0
    rows = {row["n_images"]: row for row in read_rows(tmp_path / "history.csv")}
    for n_images, of_images in lengths:
        assert of_images.shape == (BATCH // 2,)
        mean += 0.01 * (of_images.mean().item() - mean)
        expected = (of_images - mean).square().mean().item()
        assert rows[n_images + BATCH]["path_length_penalty"] == pytest.approx(expected, rel=1e-4)
    assert gan.mean_path_length.item() == pytest.approx(mean, rel=1e-5)
    assert "path_length_penalty" not in rows[2 * BATCH]


def test_the_path_length_penalty_takes_part_in_the_generators_gradient_with_its_weight(make_gan, train, tmp_path):
    gradient = {}
    for weight in (0.0, 1.0, 3.0):
        recorder = Recorder()
        train(make_gan(n_images=BATCH, path_length_weight=weight), tmp_path / str(weight), recorder)
        _start, _before_d, before_g, _end = recorder.steps()[0]
        gradient[weight] = torch.cat([g.flatten() for g in before_g.generator_gradients])
    by_weight_1, by_weight_3 = gradient[1.0] - gradient[0.0], gradient[3.0] - gradient[0.0]
    assert by_weight_1.norm() > 1e-3
    torch.testing.assert_close(by_weight_3, 3 * by_weight_1, atol=1e-4, rtol=1e-2)


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_styles_are_mixed_in_training_alone(make_gan, train, tmp_path, probability):
    gan = make_gan(n_images=32, style_mixing=probability)
    of_g = Spy(gan.generator)
    train(gan, tmp_path)
    for latent, _parts in of_g.inputs:
        assert (latent.mix is None) == (probability == 0)
        if latent.mix is not None:
            assert (latent.mix.from_layer < gan.generator.n_layers).all()
    latent, requested = (
        gan.draw_latent(4, torch.Generator().manual_seed(0)),
        Condition(torch.tensor([0, 1, 2, 0]), torch.rand(4)),
    )
    assert gan(latent, requested).equal(gan(latent, requested))


@pytest.mark.parametrize("setting", [{"path_length_weight": 2.0}, {"style_mixing": 0.9}])
def test_what_needs_styles_is_refused_without(make_point_gan, setting):
    (name,) = setting
    with pytest.raises(SettingError, match=f"^{name}=.*: allowed: 0 for a generator without styles"):
        make_point_gan(**setting)
