"""Chunks change no result: against the same thing done at once."""

import pytest
import torch
from other_device import OtherDevice

from uqgen import chunks
from uqgen.chunks import mapped, rows_at_once
from uqgen.conditioning.condition import Condition
from uqgen.evaluation.matched import nearest_of_class
from uqgen.metrics.fidelity import compare_features
from uqgen.metrics.memorisation import nearest_distance


@pytest.mark.parametrize("n", [1, 3, 10, 50])
def test_rows_come_in_their_order_each_once(n):
    rows, sizes = torch.arange(30.0).view(10, 3), []
    found = mapped(rows, lambda part: sizes.append(len(part)) or part.sum(dim=1), n)
    assert found.equal(rows.sum(dim=1))
    assert max(sizes) <= n
    assert sum(sizes) == 10


def test_what_a_device_computes_is_compared_where_there_is_float64(monkeypatch):
    rows = torch.randn(30, 4)
    with OtherDevice("mps", monkeypatch) as device:
        found = mapped(rows, lambda part: part.to(device.device) + 1, 7)
        compared = compare_features(found, found + 1)
    assert found.equal(rows + 1)
    assert compared.fid == pytest.approx(4, abs=0.01)


def test_so_many_rows_are_a_quarter_of_a_gibibyte():
    assert rows_at_once(torch.empty(5, 3, 128, 128, dtype=torch.uint8)) * 3 * 128 * 128 * 4 <= 2**28
    assert rows_at_once(torch.empty(5, 3, 128, 128, dtype=torch.uint8)) == 1365
    assert rows_at_once(torch.empty(1, 2**27, device="meta")) == 1


@pytest.fixture
def small(monkeypatch):
    """What is computed at once, and anew with few rows at a time."""

    def both(compute):
        whole = compute()
        monkeypatch.setattr(chunks, "ELEMENTS", 1_000)
        return whole, compute()

    return both


def test_nearest_distances_are_the_same(small):
    x, train = (torch.randint(0, 256, (n, 1, 8, 8), dtype=torch.uint8) for n in (20, 100))
    whole, parts = small(lambda: nearest_distance(x, train))
    torch.testing.assert_close(parts, whole, rtol=1e-6, atol=0)
    exact = torch.cdist(*((y.flatten(1).double() / 255) for y in (x, train))).amin(dim=1)
    torch.testing.assert_close(whole, exact, rtol=1e-5, atol=0)


def test_distances_of_features_are_the_same(small):
    real, fake = torch.randn(500, 8), torch.randn(400, 8) + 0.1
    whole, parts = small(lambda: compare_features(real, fake))
    assert parts.fid == pytest.approx(whole.fid)
    assert (parts.kid, parts.kid_std) == (whole.kid, whole.kid_std)


def test_the_nearest_of_a_class_are_the_same(small):
    own = Condition(torch.randint(5, (700,)), torch.rand(700))
    requested = Condition(torch.arange(5), torch.full((5,), 0.4))
    whole, parts = small(lambda: nearest_of_class(requested, own, 9))
    assert whole.equal(parts)
    assert (own.label[whole] == requested.label[:, None]).all()
