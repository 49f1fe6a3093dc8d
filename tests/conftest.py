"""What all tests share; what takes long to import is imported late, as pytest-xdist's own process needs none of it."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import copytree
from tempfile import mkdtemp

import pytest
from filelock import FileLock
from PIL import Image
from small_runs import FEW

REPOSITORY = Path(__file__).parents[1]
DATA = Path(os.environ.get("UQGEN_DATA", REPOSITORY / "data"))

os.environ["WANDB_MODE"] = "offline"  # whatever account the tests run beside
os.environ["XDG_STATE_HOME"] = mkdtemp()  # runs with code of one's own are remembered there

if "PYTEST_XDIST_WORKER" in os.environ:
    import torch

    # The workers share the cores; the variable is for the programs that tests start.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """The folder that MNIST's data module takes: UQGEN_DATA, or data/ in the checkout; filled when it is empty."""
    from uqgen.data.mnist_files import MNIST_FILES

    MNIST_FILES.find_or_fetch(DATA)
    return DATA


@pytest.fixture(scope="session")
def fashion_mnist_folder() -> Path:
    """The same of Fashion-MNIST; skips what needs it where it is not to be had."""
    from uqgen.data.mnist_files import FASHION_MNIST_FILES, DataUnavailableError

    try:
        FASHION_MNIST_FILES.find_or_fetch(DATA)
    except DataUnavailableError as error:
        pytest.skip(str(error).splitlines()[0])
    return DATA


@pytest.fixture(autouse=True)
def _seed() -> None:
    import torch

    torch.manual_seed(0)


@pytest.fixture(scope="session")
def make_results() -> Callable:
    """What results.json holds of a made-up generator."""
    import made_up_results

    return made_up_results.make_results


@pytest.fixture(scope="session")
def make_job() -> Callable:
    """A job of a sweep with such results."""
    import made_up_results

    return made_up_results.make_job


@pytest.fixture(scope="session")
def tiny_run(mnist_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `runs/demo` of a complete run on a little corrupted MNIST, whose GAN has hardly begun to learn."""
    small = ["model.generator.channels=[16,16,16,16]", "model.resampling.candidates=2", "model.training.n_images=320"]
    few = ["intervals.samples_every=160", "evaluation.best_of=2", *FEW]

    def train(folder: Path) -> None:
        with _hurried():
            _train_tiny(mnist_folder, folder, *small, *few)

    return _copied("tiny", train, tmp_path_factory)


@pytest.fixture(scope="session")
def tiny_flow_run(mnist_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a flow, without figures."""
    small = ["model.velocity.channels=[8,8,8]", "model.sampling.steps=3"]
    flow = ["model=flow", *small, "evaluation.strengths=[]", *FEW]

    def train(folder: Path) -> None:
        with _without_figures():
            _train_tiny(mnist_folder, folder, *flow)

    return _copied("tiny_flow", train, tmp_path_factory)


@pytest.fixture(scope="session")
def moons_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same on points, without figures."""
    few = ["evaluation.n_judges=0", "evaluation.n_images=10", "evaluation.n_images_in_training=10"]

    def train(folder: Path) -> None:
        with _without_figures():
            _train("experiment=moons", folder / "runs" / "demo", f"cache={folder / 'cache'}", *few)

    return _copied("points", train, tmp_path_factory)


@pytest.fixture
def without_figures() -> Iterator[None]:
    """Of a run whose numbers alone are looked at."""
    with _without_figures():
        yield


@pytest.fixture(scope="module")
def hurried() -> Iterator[None]:
    """Of a run or an explanation whose figures' names alone are looked at, and no number by itself."""
    with _hurried():
        yield


@pytest.fixture(scope="module")
def few_trees() -> Iterator[None]:
    """In the forests of an explanation."""
    from uqgen.explanation import shares

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shares, "RandomForestRegressor", partial(shares.RandomForestRegressor, n_estimators=10))
        yield


@pytest.fixture
def registries() -> Iterator[None]:
    """What is registered is as before, afterwards."""
    from uqgen.metrics import CONTROLS, DISTANCES, METRICS, PER_PROTOCOL
    from uqgen.scores import SCORES

    dicts, metrics = [(kept, dict(kept)) for kept in (SCORES, DISTANCES, PER_PROTOCOL, CONTROLS)], list(METRICS)
    yield
    for kept, before in dicts:
        kept.clear()
        kept.update(before)
    METRICS[:] = metrics


@pytest.fixture
def log_no_further() -> Iterator[None]:
    """What a command's log writes to is closed after the test."""
    yield
    log = logging.getLogger("uqgen")
    for handler in log.handlers[:]:
        log.removeHandler(handler)
        handler.close()
    log.propagate = True


def _copied(name: str, train: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of `runs/demo` in a folder that the first worker who needs it fills."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / f"{name}_of_all_workers"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            train(folder)
    return copytree(folder, tmp_path_factory.mktemp(name), dirs_exist_ok=True) / "runs" / "demo"


def _train_tiny(mnist_folder: Path, folder: Path, *more: str) -> None:
    where = [f"cache={folder / 'cache'}", f"data.folder={mnist_folder}"]
    small = ["evaluation.n_images=100", "evaluation.n_images_in_training=20", "evaluation.n_judges=1"]
    _train("experiment=mnist_corrupt", folder / "runs" / "demo", *where, *small, *more)


def _train(experiment: str, run: Path, *more: str) -> Path:
    from uqgen.config import compose
    from uqgen.train import train

    train(compose([experiment, "debug=seconds", "trainer=cpu", "logger=csv", f"run={run}", *more]))
    return run


@contextmanager
def _hurried() -> Iterator[None]:
    """Figures are made, but not drawn, which takes the longest; tests/report draws them. Guidance takes one step."""

    def save_blank(figure: object, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)

    with pytest.MonkeyPatch.context() as patch:
        for report in ("report.run_figures", "run_reports.explanation"):
            patch.setattr(f"uqgen.{report}.save_figure", save_blank)
        patch.setattr("uqgen.report.sweep_figures._FRAME_DPI", 20)
        patch.setattr("uqgen.generators.gan.guided_code.N_STEPS", 1)
        yield


@contextmanager
def _without_figures() -> Iterator[None]:
    """A run takes half the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("uqgen.run_reports.evaluation.save_run_figures", lambda *of_run: None)
        yield
