import logging
import math
from dataclasses import replace

import pytest
import torch
from lightning import Callback, Trainer

from uqgen.files import read_rows
from uqgen.fitting.fit import Intervals, fit
from uqgen.fitting.guard import DivergedError
from uqgen.settings import SettingError
from uqgen.tensor_files import load_tensors

SLOW = pytest.mark.slow
STYLES = {"path_length_weight": 2.0, "style_mixing": 0.9, "penalty_every": 3}


class PowerFailureError(Exception):
    pass


class StopAt(Callback):
    """Stops the training as soon as so many images are seen, whatever else is to be done then."""

    def __init__(self, n_images):
        self.n_images = n_images

    def on_train_batch_end(self, trainer, gan, *args):
        if gan.n_images >= self.n_images:
            raise PowerFailureError


class Break(Callback):
    """Makes a weight NaN once so many images are seen."""

    def __init__(self, n_images, weight, value):
        self.n_images, self.weight, self.value = n_images, weight, value

    def on_train_batch_start(self, trainer, gan, *args):
        if gan.n_images == self.n_images:
            weight = gan.get_parameter(self.weight).data
            weight[(0,) * weight.dim()] = self.value


def same(one, other):
    """Whether nested tensors and plain values are the same, bit for bit."""
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and one.dtype == other.dtype and one.equal(other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def history(folder):
    return [
        {name: value for name, value in row.items() if name not in ("images_per_second", "memory_gib")}
        for row in read_rows(folder / "history.csv")
    ]


def files(folder):
    return {path.name for path in folder.iterdir()}


def test_training_stops_with_the_step_that_completes_its_images(make_gan, train, tmp_path):
    gan = train(make_gan(n_images=60), tmp_path, log_every=16)
    assert gan.n_images == 64
    assert load_tensors(tmp_path / "last.ckpt")["n_images"] == 64
    assert [row["n_images"] for row in history(tmp_path)] == [16, 32, 48, 64]
    assert files(tmp_path) == {"last.ckpt", "history.csv"}


def test_lightning_says_nothing(make_gan, train, tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="lightning"):
        train(make_gan(), tmp_path)
    assert [record.getMessage() for record in caplog.records if record.name.startswith("lightning")] == []


@pytest.mark.parametrize(
    ("kind", "settings", "log_every", "checkpoint_every", "stop"),
    [
        # Before a checkpoint, at one, after one.
        *(pytest.param("make_gan", STYLES, 16, 32, stop, marks=SLOW) for stop in (8, 32)),
        ("make_gan", STYLES, 16, 32, 72),
        # No multiples of the batch, nor of each other.
        ("make_gan", {"decay": 0.5}, 10, 20, 72),
        *(pytest.param("make_gan", {"penalty_every": 2}, 24, 32, stop, marks=SLOW) for stop in (32, 72)),
        ("make_point_gan", {"beta1": 0.5, "loss": "wasserstein", "penalty": "gradient_penalty"}, 8, 24, 72),
        ("make_flow", {"decay": 0.5, "drop": 0.3}, 16, 32, 72),
    ],
)
def test_a_resumed_training_ends_bit_for_bit_as_if_never_stopped(
    request, train, tmp_path, kind, settings, log_every, checkpoint_every, stop
):
    make, every = request.getfixturevalue(kind), {"log_every": log_every, "checkpoint_every": checkpoint_every}
    train(make(n_images=96, **settings), tmp_path / "whole", **every)

    with pytest.raises(PowerFailureError):
        train(make(n_images=96, **settings), tmp_path / "parts", StopAt(stop), **every)
    stopped = load_tensors(tmp_path / "parts" / "last.ckpt")["n_images"] if stop > checkpoint_every else 0
    assert stopped <= stop
    resumed = make(n_images=96, **settings)
    if stopped:  # whatever the new process began with is replaced
        torch.manual_seed(5)
        for weight in resumed.parameters():
            weight.data.normal_()
    train(resumed, tmp_path / "parts", **every)

    whole, parts = (load_tensors(tmp_path / name / "last.ckpt") for name in ("whole", "parts"))
    assert whole["n_images"] == parts["n_images"] == 96
    networks = {"velocity"} if kind == "make_flow" else {"generator", "discriminator"}
    assert len(whole["optimizer_states"]) == len(networks)
    assert {name.split(".")[0] for name in whole["state_dict"]} >= {*networks, "ema"}
    for state in ("state_dict", "optimizer_states"):
        assert same(whole[state], parts[state])
    assert same(resumed.state_dict(), whole["state_dict"])
    assert history(tmp_path / "whole") == history(tmp_path / "parts")
    assert files(tmp_path / "parts") == {"last.ckpt", "history.csv"}


def test_a_training_that_is_stopped_twice_ends_the_same(make_gan, train, tmp_path):
    train(make_gan(n_images=96), tmp_path / "whole")
    for stop in (40, 72):
        with pytest.raises(PowerFailureError):
            train(make_gan(n_images=96), tmp_path / "parts", StopAt(stop))
    train(make_gan(n_images=96), tmp_path / "parts")
    whole, parts = (load_tensors(tmp_path / name / "last.ckpt") for name in ("whole", "parts"))
    assert same(whole["state_dict"], parts["state_dict"])
    assert history(tmp_path / "whole") == history(tmp_path / "parts")


def test_a_complete_training_is_loaded_and_left_as_it_is(make_gan, train, tmp_path):
    first = train(make_gan(), tmp_path)
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()}
    second = make_gan()
    for weight in second.parameters():
        weight.data.zero_()
    train(second, tmp_path, StopAt(0))
    assert second.n_images == 64
    assert same(second.state_dict(), first.state_dict())
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()} == before


def test_a_checkpoint_holds_tensors_and_plain_values_alone(make_gan, train, tmp_path):
    train(make_gan(**STYLES), tmp_path)

    def check(value):
        if isinstance(value, dict):
            assert type(value) in (dict, type(checkpoint["state_dict"]))
            for key, inner in value.items():
                assert type(key) in (str, int)
                check(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                check(inner)
        else:
            assert type(value) in (torch.Tensor, int, float, str, bool, type(None)), value

    checkpoint = torch.load(tmp_path / "last.ckpt", weights_only=True)
    check(checkpoint)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("weight", ["generator.layers.0.bias", "discriminator.out.weight", "ema.module.constant"])
def test_a_training_that_diverges_stops_and_leaves_the_last_sound_checkpoint(make_gan, train, tmp_path, weight, value):
    broken = Break(40, weight, value)
    with pytest.raises(DivergedError) as caught:
        train(make_gan(n_images=200), tmp_path, broken, log_every=32, checkpoint_every=32)
    message = str(caught.value)
    assert "\n" not in message
    assert "is not finite after 64 images" in message
    checkpoint = load_tensors(tmp_path / "last.ckpt")
    assert checkpoint["n_images"] == 32
    assert all(value.isfinite().all() for value in checkpoint["state_dict"].values())
    assert [row["n_images"] for row in history(tmp_path)] == [32]
    assert files(tmp_path) == {"last.ckpt", "history.csv"}


def test_divergence_is_found_with_the_next_row_of_the_history(make_gan, train, tmp_path):
    with pytest.raises(DivergedError, match="after 48 images"):
        train(make_gan(n_images=200), tmp_path, Break(40, "generator.image_bias", math.nan), log_every=16)


@pytest.mark.parametrize(("log_every", "checkpoint_every"), [(1_000, 32), (48, 40)])
def test_no_checkpoint_holds_such_a_weight_however_rarely_a_training_reports(
    make_gan, train, tmp_path, log_every, checkpoint_every
):
    broken = Break(56, "generator.image_bias", math.nan)
    with pytest.raises(DivergedError):
        train(make_gan(n_images=200), tmp_path, broken, log_every=log_every, checkpoint_every=checkpoint_every)
    assert load_tensors(tmp_path / "last.ckpt")["n_images"] == checkpoint_every


def test_divergence_in_the_last_step_is_found_too(make_gan, train, tmp_path):
    with pytest.raises(DivergedError, match="after 40 images"):
        train(make_gan(n_images=40), tmp_path, Break(32, "generator.image_bias", math.nan))
    assert load_tensors(tmp_path / "last.ckpt")["n_images"] == 32


def test_a_checkpoint_that_cannot_be_finished_leaves_the_one_before(make_gan, train, tmp_path, monkeypatch):
    save, calls = Trainer.save_checkpoint, []

    def breaks_off(trainer, path, *args, **kwargs):
        calls.append(path)
        save(trainer, path, *args, **kwargs)
        if len(calls) == 2:
            path.write_bytes(path.read_bytes()[:1000])
            raise OSError("no space left")

    train(make_gan(n_images=96), tmp_path / "whole")
    monkeypatch.setattr(Trainer, "save_checkpoint", breaks_off)
    with pytest.raises(OSError, match="no space left"):
        train(make_gan(n_images=96), tmp_path / "parts")
    assert load_tensors(tmp_path / "parts" / "last.ckpt")["n_images"] == 32

    train(make_gan(n_images=96), tmp_path / "parts")
    assert files(tmp_path / "parts") == {"last.ckpt", "history.csv"}
    whole, parts = (load_tensors(tmp_path / name / "last.ckpt") for name in ("whole", "parts"))
    assert same(whole["state_dict"], parts["state_dict"])


def test_a_batch_larger_than_the_data_is_refused(make_gan, train, tmp_path):
    with pytest.raises(SettingError, match=r"^batch_size=48: allowed: at most the 44 training images$"):
        train(make_gan(batch_size=48), tmp_path)


def test_a_batch_that_does_not_divide_among_the_devices_is_refused(make_point_gan, scored, hardware, tmp_path):
    three = replace(hardware, devices=3)
    with pytest.raises(SettingError, match=r"^batch_size=8: allowed: a multiple of 3"):
        fit((gan := make_point_gan()), scored(gan), three, Intervals(), tmp_path, [], [])


@pytest.mark.parametrize(
    "setting",
    [{"log_every": 0}, {"samples_every": -1}, {"checkpoint_every": 0}, {"evaluate_every": 2.5}],
)
def test_intervals_that_make_no_sense_are_refused(setting):
    with pytest.raises(SettingError, match=f"^{next(iter(setting))}="):
        Intervals(**setting)
