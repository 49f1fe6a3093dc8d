from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from lightning import Callback

from uqgen.files import read_rows
from uqgen.generators.callbacks.history import History, columns


class Logits(Callback):
    """Keeps the discriminator's logits, three calls a step: both, penalty, fakes."""

    def __init__(self, gan):
        self.calls = []
        forward = gan.discriminator.forward

        def spied(*args):
            logits = forward(*args)
            self.calls.append(logits.detach().clone())
            return logits

        gan.discriminator.forward = spied


def test_a_row_holds_the_means_since_the_row_before(make_gan, train, tmp_path):
    gan = make_gan(n_images=40, penalty_weight=0)
    logits = Logits(gan)
    train(gan, tmp_path, log_every=16)
    rows = read_rows(tmp_path / "history.csv")
    assert [row["n_images"] for row in rows] == [16, 32, 40]
    for row, steps in zip(rows, [(0, 1), (2, 3), (4,)], strict=True):
        real, fake, fooled = ([] for _ in range(3))
        for step in steps:
            both, of_generator = logits.calls[2 * step : 2 * step + 2]
            real.append(both[:8])
            fake.append(both[8:])
            fooled.append(of_generator)
        real, fake, fooled = map(torch.stack, (real, fake, fooled))
        expected = {
            "d_loss": (F.softplus(-real) + F.softplus(fake)).mean(),
            "g_loss": F.softplus(-fooled).mean(),
            "real_logit": real.mean(),
            "fake_logit": fake.mean(),
        }
        for name, value in expected.items():
            assert row[name] == pytest.approx(value.item(), rel=1e-5, abs=1e-6)
        assert row["images_per_second"] > 0
        assert "penalty" not in row


def test_the_mean_of_a_lazy_penalty_is_over_the_steps_that_have_one(make_gan, train, tmp_path):
    gan, values = make_gan(n_images=64, penalty_every=2), iter([1.0, 2.0, 4.0, 6.0])
    gan.penalty = lambda critic, real, fake, rng: critic(real).sum() * 0 + next(values)
    train(gan, tmp_path, log_every=32)
    assert [row["penalty"] for row in read_rows(tmp_path / "history.csv")] == pytest.approx([1.5, 5.0])


def test_the_file_is_a_table_with_one_header(make_gan, train, tmp_path):
    gan = train(make_gan(), tmp_path, log_every=16)
    header, *rows = (tmp_path / "history.csv").read_text().splitlines()
    assert header == ",".join(columns(gan))
    assert len(rows) == 4
    assert all(row.count(",") == header.count(",") for row in rows)


def test_no_file_is_no_history(tmp_path):
    assert read_rows(tmp_path / "history.csv") == []


def test_rows_that_a_resumed_training_will_write_again_are_dropped(make_gan, tmp_path):
    path = tmp_path / "history.csv"
    gan = make_gan()
    gan.n_images = 32
    header = ",".join(columns(gan))
    path.write_text(f"{header}\n16,1,2,,3,4,,100,\n32,5,6,7,8,9,,100,\n48,1,1,1,1,1,,100,\n")
    History(path, 16, SimpleNamespace()).on_train_start(SimpleNamespace(is_global_zero=True), gan)
    rows = read_rows(path)
    assert [row["n_images"] for row in rows] == [16, 32]
    assert "penalty" not in rows[0]
    assert rows[1]["penalty"] == 7


def test_a_tracker_gets_the_row_against_the_images(tmp_path):
    logged = []
    tracker = SimpleNamespace(scalars=lambda values, n_images: logged.append((values, n_images)))
    trainer = SimpleNamespace(is_global_zero=True)
    gan = SimpleNamespace(
        n_images=0, device=torch.device("cpu"), pop_means=lambda: {"d_loss": 1.25}, quantities=("d_loss",)
    )
    history = History(tmp_path / "history.csv", 16, tracker)
    history.on_train_start(trainer, gan)
    gan.n_images = 16
    history.act(trainer, gan)
    ((metrics, step),) = logged
    assert step == 16
    assert metrics.keys() == {"train/d_loss", "train/images_per_second", "train/memory_gib"}
    assert 0.05 < metrics["train/memory_gib"] < 100
    assert metrics["train/d_loss"] == 1.25
