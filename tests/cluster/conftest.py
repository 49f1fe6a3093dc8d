"""A real SLURM for the tests marked `cluster`."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("slurm.sh")
CANNOT_BE = 77


@pytest.fixture(scope="session")
def slurm(tmp_path_factory) -> Iterator[dict[str, str]]:
    """The environment of programs that are to see a private SLURM of one node with two pretended GPUs."""
    folder = tmp_path_factory.mktemp("slurm")
    started = subprocess.run(["bash", SCRIPT, "start", folder], capture_output=True, text=True, timeout=600)
    if started.returncode == CANNOT_BE:
        pytest.skip(started.stderr.strip())
    assert started.returncode == 0, started.stderr
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"], "/usr/sbin", "/sbin"])
    yield os.environ | {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": path}
    subprocess.run(["bash", SCRIPT, "stop", folder], check=True, timeout=60)
