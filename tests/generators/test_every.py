import pytest

from uqgen.fitting import progress
from uqgen.fitting.every import EveryNImages
from uqgen.settings import SettingError


class Clock(EveryNImages):
    def __init__(self, interval):
        super().__init__(interval, "log_every")
        self.acted = []

    def act(self, trainer, gan):
        self.acted.append(gan.n_images)


@pytest.mark.parametrize(
    ("interval", "n_images", "acted"),
    [
        (20, 64, [24, 40, 64]),
        (20, 48, [24, 40, 48]),
        (16, 48, [16, 32, 48]),
        (5, 24, [8, 16, 24]),  # more often than there are steps
        (1000, 24, [24]),
    ],
)
def test_acts_once_after_every_interval_and_at_the_end(make_gan, train, tmp_path, interval, n_images, acted):
    clock = Clock(interval)
    train(make_gan(n_images=n_images), tmp_path, clock)
    assert clock.acted == acted


@pytest.mark.parametrize("interval", [0, -1, 2.5, None])
def test_intervals_out_of_range_are_refused_under_their_own_name(interval):
    with pytest.raises(SettingError, match=r"^log_every="):
        Clock(interval)


def test_progress_is_told_every_tenth_where_there_is_no_terminal(make_gan, train, tmp_path, monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    told = []
    monkeypatch.setattr(progress.log, "info", lambda text, *values: told.append(text % values))
    train(make_gan(n_images=160), tmp_path, progress.ImageProgress())
    assert [line.split(",")[0] for line in told] == [f"trained on {n} of 160 images" for n in range(16, 161, 16)]
