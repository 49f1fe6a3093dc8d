import threading
import time

from uqgen import devices
from uqgen.devices import claim

NAMES = ["first", "second"]


def test_jobs_at_once_hold_different_things(tmp_path):
    with claim(NAMES, tmp_path) as one, claim(NAMES, tmp_path) as other:
        assert {one, other} == {0, 1}
    with claim(NAMES, tmp_path) as again:
        assert again == 0


def test_who_finds_all_taken_waits_for_the_first_to_be_free(tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "POLL_SECONDS", 0.01)
    held = []

    def wait():
        with claim(NAMES, tmp_path) as index:
            held.append(index)

    with claim(NAMES, tmp_path):
        with claim(NAMES, tmp_path) as second:
            waiting = threading.Thread(target=wait)
            waiting.start()
            time.sleep(0.2)
            assert held == []
        waiting.join(timeout=10)
    assert held == [second]


def test_a_job_has_the_gpu_that_it_holds_as_its_current_one(tmp_path, monkeypatch):
    current, cuda = [], devices.torch.cuda
    monkeypatch.setattr(cuda, "device_count", lambda: 2)
    monkeypatch.setattr(cuda, "get_device_properties", lambda index: type("", (), {"uuid": f"GPU-{index}"}))
    monkeypatch.setattr(cuda, "set_device", current.append)
    monkeypatch.setattr(cuda, "empty_cache", lambda: None)
    monkeypatch.setattr(devices, "gettempdir", lambda: str(tmp_path))
    with devices.own_gpu(), devices.own_gpu():
        assert current == [0, 1]


def test_without_gpus_nothing_is_held(tmp_path, monkeypatch):
    monkeypatch.setattr(devices.torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(devices, "gettempdir", lambda: str(tmp_path))
    with devices.own_gpu():
        assert list(tmp_path.iterdir()) == []
