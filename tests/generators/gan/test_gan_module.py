import copy

import pytest
import torch
import torch.nn.functional as F
from lightning import Callback
from watched_training import Recorder, Spy, gradients, weights

from uqgen.conditioning.condition import Condition
from uqgen.files import read_rows
from uqgen.fitting.fit import Intervals, fit
from uqgen.hardware import Hardware
from uqgen.settings import SettingError

BATCH = 8
MIXING = {"path_length_weight": 2.0, "style_mixing": 0.9}


def equal(some, others):
    return all(
        one is other or (one is not None and other is not None and one.equal(other))
        for one, other in zip(some, others, strict=True)
    )


def with_weights(network, values):
    for weight, value in zip(network.parameters(), values, strict=True):
        weight.data.copy_(value)
    return network


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def pairs(part):
    """Class and score of each row of an encoded condition."""
    return list(zip(part[:, :-1].argmax(dim=1).tolist(), part[:, -1].tolist(), strict=True))


@pytest.mark.parametrize("settings", [{}, MIXING, {"penalty_every": 1}])
def test_each_step_changes_its_own_network_and_gradients_alone(make_gan, train, tmp_path, settings):
    recorder = Recorder()
    train(make_gan(n_images=40, **settings), tmp_path, recorder)
    assert len(recorder.steps()) == 5
    for start, before_d, before_g, end in recorder.steps():
        assert equal(start.discriminator, before_d.discriminator)
        assert not equal(before_d.discriminator, before_g.discriminator)
        assert equal(before_g.discriminator, end.discriminator)
        assert equal(start.generator, before_g.generator)
        assert not equal(before_g.generator, end.generator)

        assert equal(start.generator_gradients, before_d.generator_gradients)
        assert not any(gradient is None for gradient in before_d.discriminator_gradients)
        assert equal(before_d.discriminator_gradients, before_g.discriminator_gradients)
        assert not any(gradient is None for gradient in before_g.generator_gradients)


def test_a_step_is_the_textbooks(make_gan, train, tmp_path, own):
    gan = make_gan(n_images=BATCH, penalty_weight=0.7, penalty_every=3, learning_rate=0.01)
    generator, discriminator = copy.deepcopy((gan.generator, gan.discriminator))
    recorder, of_g, of_d = Recorder(), Spy(gan.generator), Spy(gan.discriminator)
    train(gan, tmp_path, recorder)
    ((start, before_d, before_g, end),) = recorder.steps()
    ((latent, requested),) = of_g.inputs
    real, fake = of_d.inputs[0][0].detach().chunk(2)
    index = ((real[:, 0, 0, 0] + 1) * 127.5).round().long()
    (own_parts,) = gan.encoding(Condition(own.label[index], own.score[index]))

    real = real.requires_grad_(True)
    real_logits = discriminator(real, (own_parts,))
    loss = F.softplus(-real_logits).mean() + F.softplus(discriminator(fake, requested)).mean()
    (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
    (loss + 3 * 0.7 / 2 * slope.square().sum(dim=(1, 2, 3)).mean()).backward()
    torch.testing.assert_close(before_d.discriminator_gradients, gradients(discriminator), atol=1e-6, rtol=1e-3)
    adam = [
        w - 0.01 * g / (g.abs() + 1e-8)
        for w, g in zip(start.discriminator, before_d.discriminator_gradients, strict=True)
    ]
    torch.testing.assert_close(before_g.discriminator, adam)

    with_weights(discriminator, before_g.discriminator)
    F.softplus(-discriminator(generator(latent, requested), requested)).mean().backward()
    torch.testing.assert_close(before_g.generator_gradients, gradients(generator), atol=1e-6, rtol=1e-3)
    adam = [w - 0.01 * g / (g.abs() + 1e-8) for w, g in zip(start.generator, before_g.generator_gradients, strict=True)]
    torch.testing.assert_close(end.generator, adam)


def test_both_networks_learn_at_the_rate_of_the_time(make_gan, train, tmp_path):
    rates = []

    class Rates(Callback):
        def on_train_batch_end(self, trainer, gan, *args):
            rates.append([optimizer.param_groups[0]["lr"] for optimizer in trainer.optimizers])

    train(make_gan(n_images=4 * BATCH, learning_rate=0.01, decay=0.5), tmp_path, Rates())
    assert rates == [pytest.approx([rate, rate]) for rate in (0.01, 0.01, 0.01, 0.005)]


def test_real_images_come_with_their_own_condition_and_fakes_with_the_one_requested(make_gan, train, tmp_path, own):
    gan = make_gan(n_images=80, penalty_weight=0)
    of_g, of_d = Spy(gan.generator), Spy(gan.discriminator)
    train(gan, tmp_path)
    requested_in_all = []
    for step, ((_latent, (requested,)), made) in enumerate(zip(of_g.inputs, of_g.outputs, strict=True)):
        (both, (both_parts,)), (fake, (fake_parts,)) = of_d.inputs[2 * step : 2 * step + 2]
        for image, (label, score) in zip(both[:BATCH], pairs(both_parts[:BATCH]), strict=True):
            index = round(((image[0, 0, 0] + 1) * 127.5).item())
            assert (label, score) == (own.label[index], own.score[index])
        assert both[BATCH:].equal(made)
        assert fake.equal(made)
        assert both_parts[BATCH:].equal(requested)
        assert fake_parts.equal(requested)
        requested_in_all += pairs(requested)
    assert set(requested_in_all) <= set(zip(own.label.tolist(), own.score.tolist(), strict=True))
    assert len(set(requested_in_all)) > 30


def test_a_relativistic_generator_is_compared_with_real_images_under_the_same_condition(make_gan, train, tmp_path):
    gan = make_gan(n_images=16, penalty_weight=0, loss="relativistic")
    of_d = Spy(gan.discriminator)
    train(gan, tmp_path, log_every=8)
    rows = read_rows(tmp_path / "history.csv")
    for step, row in enumerate(rows):
        (both, (both_parts,)), (real, (real_parts,)), (fake, (fake_parts,)) = of_d.inputs[3 * step : 3 * step + 3]
        assert real.equal(both[:BATCH])
        assert fake.equal(both[BATCH:])
        assert both_parts[:BATCH].equal(both_parts[BATCH:])
        assert real_parts.equal(fake_parts)
        real_logits, fake_logits = of_d.outputs[3 * step + 1 : 3 * step + 3]
        assert row["g_loss"] == pytest.approx(F.softplus(real_logits - fake_logits).mean().item(), rel=1e-5)


def test_images_are_counted_and_the_averaged_generator_follows(make_gan, train, tmp_path):
    recorder = Recorder()
    gan = train(make_gan(n_images=40, ema_half_life=3), tmp_path, recorder)
    assert gan.n_images == 40
    expected = recorder.steps()[0][0].generator
    for step, (start, before_d, before_g, end) in enumerate(recorder.steps()):
        seen = BATCH * (step + 1)
        assert [m.n_images for m in (start, before_d, before_g, end)] == [seen - BATCH] * 3 + [seen]
        keep = 0.5 ** (BATCH / min(3, 0.1 * seen))
        expected = [keep * past + (1 - keep) * new for past, new in zip(expected, end.generator, strict=True)]
        torch.testing.assert_close(end.ema, expected)


def test_the_penalty_is_lazy_and_weighs_accordingly(make_gan, train, tmp_path):
    gradient, computed_at = {}, []
    for weight in (0.0, 0.5):
        gan, recorder = make_gan(n_images=56, penalty_weight=weight, penalty_every=3), Recorder()

        def penalty(critic, real, fake, rng, gan=gan):
            computed_at.append(gan.n_images)
            return gan.discriminator.out.bias.sum()

        gan.penalty = penalty
        train(gan, tmp_path / str(weight), recorder)
        position = [name for name, _ in gan.discriminator.named_parameters()].index("out.bias")
        gradient[weight] = recorder.steps()[0][1].discriminator_gradients[position].item()
    assert computed_at == [0, 24, 48]
    assert gradient[0.5] - gradient[0.0] == pytest.approx(0.5 * 3, rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "penalty"),
    [
        ("non_saturating", "r1"),
        ("hinge", "r1"),
        ("wasserstein", "gradient_penalty"),
        ("hinge", "gradient_penalty"),
        ("relativistic", "r1_r2"),
    ],
)
@pytest.mark.parametrize("kind", ["make_gan", "make_point_gan"])
def test_every_loss_and_penalty_trains(request, train, tmp_path, kind, loss, penalty):
    gan = request.getfixturevalue(kind)(n_images=64, loss=loss, penalty=penalty, penalty_every=2)
    before = weights(gan)
    train(gan, tmp_path, log_every=16)
    assert not equal(weights(gan.generator), before[: len(weights(gan.generator))])
    assert all(weight.isfinite().all() for weight in gan.parameters())
    rows = read_rows(tmp_path / "history.csv")
    assert [row["n_images"] for row in rows] == [16, 32, 48, 64]
    for row in rows:
        assert {"d_loss", "g_loss", "penalty", "real_logit", "fake_logit"} <= row.keys()
        assert torch.tensor(list(row.values())).isfinite().all()
        assert row["penalty"] > 0


@pytest.mark.parametrize("batch_size", [2, 6])
def test_a_batch_whose_groups_would_mix_real_and_fake_is_refused(make_gan, train, tmp_path, batch_size):
    with pytest.raises(SettingError, match=r"^batch_size="):  # the discriminator's groups are of 4
        train(make_gan(n_images=64, batch_size=batch_size), tmp_path)


@pytest.mark.parametrize("settings", [{}, MIXING])
def test_the_seed_alone_decides(make_gan, train, tmp_path, settings):
    ends = []
    for number, (seed, elsewhere) in enumerate([(1, 11), (1, 22), (2, 11)]):
        gan = make_gan(seed=seed, **settings)
        torch.manual_seed(elsewhere)
        ends.append(weights(train(gan, tmp_path / str(number))))
    assert equal(ends[0], ends[1])
    assert not equal(ends[0], ends[2])


def test_every_step_draws_other_latents(make_gan, train, tmp_path):
    gan = make_gan(n_images=40)
    of_g = Spy(gan.generator)
    train(gan, tmp_path)
    z = torch.cat([latent.z for latent, _parts in of_g.inputs])
    assert len(z.unique(dim=0)) == 40


def test_training_in_bf16_computes_the_penalties_in_fp32(make_gan, scored, tmp_path):
    gan = make_gan(n_images=64, penalty_every=1, **MIXING)
    seen, penalty = [], gan.penalty

    def spied(critic, *args):
        def spied_critic(x):
            seen.append(torch.is_autocast_enabled("cpu"))
            return critic(x)

        return penalty(spied_critic, *args)

    gan.penalty = spied
    hardware = Hardware(accelerator="cpu", precision="bf16-mixed")
    of_d = Spy(gan.discriminator)
    fit(gan, scored(gan), hardware, Intervals(log_every=16, checkpoint_every=32), tmp_path, [], [])
    assert seen == [False] * 8
    assert all(logits.dtype == torch.float32 for logits in of_d.outputs)
    assert all(weight.isfinite().all() and weight.dtype == torch.float32 for weight in gan.parameters())


@pytest.mark.parametrize("loss", ["relativistic", "non_saturating"])
def test_in_one_pass_the_generator_learns_from_the_discriminator_as_it_was(make_gan, train, tmp_path, loss):
    gan, seen = make_gan(n_images=8, group=1, loss=loss, one_pass=True), []
    before, step = copy.deepcopy(gan.discriminator), gan._generator_step

    def spied(real, fake, requested, parts, adversarial, rng):
        expected = gan.loss.generator(before(real, parts), before(fake, parts))
        seen.append((adversarial, torch.autograd.grad(expected, fake)[0]))
        step(real, fake, requested, parts, adversarial, rng)

    gan._generator_step = spied
    train(gan, tmp_path)
    ((found, expected),) = seen
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-7)
    assert found.abs().max() > 0


def test_one_pass_is_refused_where_images_are_judged_together(make_gan):
    with pytest.raises(SettingError, match=r"^one_pass=True: allowed: false for a discriminator that judges 4 images"):
        make_gan(one_pass=True)
