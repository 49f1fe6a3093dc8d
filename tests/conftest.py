"""What all tests share."""

import os
from pathlib import Path

import pytest
import torch

from uqgen.data.mnist_files import find_or_fetch_mnist

REPOSITORY = Path(__file__).parents[1]

os.environ["WANDB_MODE"] = "offline"  # whatever account the tests run beside

if "PYTEST_XDIST_WORKER" in os.environ:
    # The workers share the cores; the variable is for the programs that tests start.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """The folder that MNIST's data module takes: UQGEN_DATA, or data/ in the checkout; filled when it is empty."""
    folder = Path(os.environ.get("UQGEN_DATA", REPOSITORY / "data"))
    find_or_fetch_mnist(folder)
    return folder


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)
