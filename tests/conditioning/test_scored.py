import os
import subprocess
import sys

import pytest
import torch

from uqgen import distributed
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.drawn_conditions import DataConditions
from uqgen.conditioning.scored import ScoredBatches
from uqgen.data.labelled import LabelledData

N, BATCH = 50, 8
PER_EPOCH = N // BATCH


def batches(steps, seed=0, batch_size=BATCH, n=N):
    """Batches of points that say where they lie in the data set: x, label and score all follow from the position."""
    position = torch.arange(n)
    zeros = torch.zeros(n, dtype=torch.int64)
    data = LabelledData(position[:, None].float().repeat(1, 2), position, zeros, zeros)
    conditions = DataConditions(Condition(position, position / 100))
    return list(ScoredBatches(data, conditions, batch_size, steps, seed))


def order(*args, **kwargs):
    return [batch.condition.label.tolist() for batch in batches(*args, **kwargs)]


def test_every_image_keeps_its_own_condition():
    for batch in batches(range(20)):
        assert batch.x[:, 0].equal(batch.condition.label.float())
        assert batch.condition.score.equal(batch.condition.label / 100)


def test_an_epoch_shows_every_image_once_but_for_an_incomplete_batch():
    epochs = order(range(3 * PER_EPOCH))
    for epoch in range(3):
        shown = [index for batch in epochs[epoch * PER_EPOCH :][:PER_EPOCH] for index in batch]
        assert len(shown) == len(set(shown)) == PER_EPOCH * BATCH


def test_epochs_and_seeds_differ():
    epochs = order(range(2 * PER_EPOCH))
    assert epochs[:PER_EPOCH] != epochs[PER_EPOCH:]
    assert order(range(PER_EPOCH), seed=1) != epochs[:PER_EPOCH]
    left_out = {tuple(sorted(set(range(N)).difference(*order(range(PER_EPOCH), seed=seed)))) for seed in range(5)}
    assert len(left_out) == 5


def test_orders_are_uniform():
    first = torch.tensor([batch[0] for seed in range(50) for batch in order(range(0, 200, PER_EPOCH), seed=seed)])
    counts = first.bincount(minlength=N).double()
    chi_square = ((counts - counts.mean()) ** 2 / counts.mean()).sum()
    assert 25 < chi_square < 85  # 49 degrees of freedom: 0.2 % and 99.9 %


@pytest.mark.parametrize("start", [0, 1, PER_EPOCH - 1, PER_EPOCH, 2 * PER_EPOCH + 3, 29])
def test_a_restart_sees_what_an_uninterrupted_training_would_have_seen(start):
    assert order(range(start, 30)) == order(range(30))[start:]


def test_iterating_again_starts_again():
    position = torch.arange(N)
    data = LabelledData(position[:, None].float(), position, position, position)
    conditions = DataConditions(Condition(position, position.float()))
    stream = ScoredBatches(data, conditions, BATCH, range(5, 12), 0)
    first, second = ([batch.x.tolist() for batch in stream] for _ in range(2))
    assert first == second


def test_other_random_numbers_make_no_difference():
    first = order(range(10))
    torch.manual_seed(99)
    torch.rand(3)
    assert order(range(10)) == first


def test_processes_share_every_batch_evenly(monkeypatch):
    whole, shares = order(range(20)), []
    monkeypatch.setattr(distributed, "world_size", lambda: 2)
    for rank in range(2):
        monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
        shares.append(order(range(20)))
    for batch, first, second in zip(whole, *shares, strict=True):
        assert len(first) == len(second) == BATCH // 2
        assert first + second == batch


def test_a_data_set_smaller_than_a_batch_is_one_batch():
    assert [sorted(batch) for batch in order(range(3), n=5)] == [[0, 1, 2, 3, 4]] * 3


@pytest.mark.slow
def test_order_does_not_depend_on_how_python_hashes():
    program = (
        "import torch\n"
        "from uqgen.conditioning.condition import Condition\n"
        "from uqgen.conditioning.drawn_conditions import DataConditions\n"
        "from uqgen.data.labelled import LabelledData\n"
        "from uqgen.conditioning.scored import ScoredBatches\n"
        f"i = torch.arange({N})\n"
        f"data, conditions = LabelledData(i[:, None], i, i, i), DataConditions(Condition(i, i))\n"
        f"stream = ScoredBatches(data, conditions, {BATCH}, range(20), 0)\n"
        "print([batch.condition.label.tolist() for batch in stream])\n"
    )
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    environment = os.environ | {"PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == str(order(range(20)))
