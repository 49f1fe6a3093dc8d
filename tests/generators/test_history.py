import csv

import pytest
import torch
import torch.nn.functional as F
from lightning import Callback
from lightning.pytorch.loggers import CSVLogger

from uqgen.files import read_rows
from uqgen.fitting.fit import Intervals, fit
from uqgen.fitting.speed import MEASURED
from uqgen.loggers.history import HistoryLogger


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
    assert header == ",".join(("n_images", *gan.quantities, *MEASURED))
    assert [row.split(",")[0] for row in rows] == ["16", "32", "48", "64"]
    assert all(row.count(",") == header.count(",") for row in rows)


def test_no_file_is_no_history(tmp_path):
    assert read_rows(tmp_path / "history.csv") == []


def test_rows_that_a_resumed_training_will_write_again_are_dropped_and_others_stay_as_they_are(tmp_path):
    path = tmp_path / "history.csv"
    kept = "n_images,d_loss,penalty,g_loss\n16,1.0,,3.5\n32,5.0,6.0,7.0\n"
    path.write_text(kept + "48,1.0,1.0,1.0\n")
    HistoryLogger(path, ("d_loss", "penalty", "g_loss"), n_images=32)
    assert path.read_text() == kept
    rows = read_rows(path)
    assert [row["n_images"] for row in rows] == [16, 32]
    assert "penalty" not in rows[0]
    assert rows[1]["penalty"] == 6


def test_what_is_not_of_the_training_is_left_to_other_loggers(tmp_path):
    logger = HistoryLogger(tmp_path / "history.csv", ("d_loss",), n_images=0)
    logger.log_metrics({"val/mae": 0.1}, step=16)
    logger.log_metrics({"train/d_loss": 0.5, "epoch": 0.0}, step=32)
    assert read_rows(tmp_path / "history.csv") == [{"n_images": 32, "d_loss": 0.5}]


def test_every_logger_gets_the_rows_against_the_images(make_gan, scored, hardware, tmp_path):
    other, gan = CSVLogger(tmp_path, name="", version=""), make_gan()
    fit(gan, scored(gan), hardware, Intervals(log_every=16), tmp_path, [other], [])
    other.save()
    rows, told = read_rows(tmp_path / "history.csv"), cells(tmp_path / "metrics.csv")
    assert [int(row["step"]) for row in told] == [row["n_images"] for row in rows] == [16, 32, 48, 64]
    for row, mine in zip(told, rows, strict=True):
        for name in ("d_loss", "g_loss", "images_per_second", "memory_gib"):
            assert float(row[f"train/{name}"]) == pytest.approx(mine[name], rel=1e-6)
        assert 0.05 < mine["memory_gib"] < 100


def cells(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
