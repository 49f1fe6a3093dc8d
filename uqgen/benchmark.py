"""``python -m uqgen.benchmark``: how fast this machine trains, and whether the main job does what it promises.

Throughput is of whole training steps: generator, discriminator, lazy R1, Adam and the averaged generator. It is set
beside the machine's own matrix product, measured in the same run, so that machines compare.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, Trainer
from rich.console import Console
from rich.table import Table
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode

from uqgen.classifier_roles import Classifiers
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.scored import ScoredBatches
from uqgen.config import build, compose, plain
from uqgen.data.labelled import LabelledData
from uqgen.experiment import Experiment
from uqgen.fitting.speed import peak_memory
from uqgen.generators.model import ConditionalModel
from uqgen.run_folder import RunFolder

SIZES = {
    "small": ["model=gan"],
    "medium": ["model=gan", "model.generator.channels=[128,128,64,32]"],
    "paper": ["model=gan_paper"],
    "flow": ["model=flow"],
}
WARM_UP, MEASURED = 4, 32  # steps; the measured ones hold two lazy penalties
MATRIX = 1024
IMAGES_PER_GFLOPS = 0.35  # what the medium size is to reach: images/s for each GFLOP/s of the matrix product


@dataclass(frozen=True)
class Throughput:
    """Speed and memory of training at one size.

    Attributes:
        images_per_second: of whole steps, over the fastest round of steps that holds every lazy penalty once.
        gflop_per_image: floating-point operations of a step without its lazy penalties, for each of its images.
        peak_memory_gib: of the GPU's memory, or of the whole process on a CPU.
    """

    images_per_second: float
    gflop_per_image: float
    peak_memory_gib: float


class StepClock(Callback):
    """Times every step."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_train_batch_end(self, trainer: Trainer, model: ConditionalModel, *args: object) -> None:  # type: ignore[override]
        """Notes the time, once the device is done."""
        if model.device.type == "cuda":
            torch.cuda.synchronize()
        self.times.append(time.perf_counter())


def matrix_gflops(dtype: torch.dtype, device: torch.device) -> float:
    """Speed of a square matrix product, the best of three after a warm-up, in GFLOP/s."""
    a, b = (torch.randn(MATRIX, MATRIX, device=device).to(dtype) for _ in range(2))
    best = 0.0
    for _ in range(4):
        if device.type == "cuda":
            torch.cuda.synchronize()
        start = time.perf_counter()
        a @ b
        if device.type == "cuda":
            torch.cuda.synchronize()
        best = max(best, 2 * MATRIX**3 / (time.perf_counter() - start) / 1e9)
    return best


def measure_throughput(experiment: Experiment) -> Throughput:
    """Trains on random images for a few steps."""
    n, settings = 1_024, experiment.model.training
    x = torch.randint(0, 256, (n, *experiment.data.shape), dtype=torch.uint8)
    label = torch.randint(experiment.data.n_classes, (n,))
    probabilities = torch.rand(n, experiment.data.n_classes)
    own = Condition(label, torch.rand(n), probabilities / probabilities.sum(dim=1, keepdim=True))
    data = LabelledData(x, label, label, label)
    with torch.device(experiment.hardware.device()):
        target = FrozenClassifier(experiment.classifier.network_for(experiment.data.shape, experiment.data.n_classes))
    classifiers = Classifiers(target, {}, (), {}, experiment.score)
    model, clock = experiment.build_model(own, classifiers), StepClock()
    model.encoding.fit(x)
    # The counter's hooks do not bear the penalty's gradient by a leaf; it comes once in many steps.
    model.settings = settings.without_penalty()
    with FlopCounterMode(display=False) as counter:
        _train(model, data, own, experiment, range(1), [])
    flop, model.settings = counter.get_total_flops() / settings.batch_size, settings
    _train(model, data, own, experiment, range(WARM_UP + MEASURED), [clock])
    steps = torch.tensor(clock.times[WARM_UP - 1 :], dtype=torch.float64).diff()
    # A period holds every lazy penalty once; the fastest is the one that other programs disturbed least.
    seconds = steps.unfold(0, settings.period, 1).mean(dim=1).min().item()
    return Throughput(settings.batch_size / seconds, flop / 1e9, peak_memory(model.device) / 2**30)


def _train(
    model: ConditionalModel,
    data: LabelledData,
    own: Condition,
    experiment: Experiment,
    steps: range,
    extra: list[Callback],
) -> None:
    settings, hardware = experiment.model.training, experiment.hardware
    conditions = experiment.sampler(own, group=model.group)
    batches = ScoredBatches(data, conditions, settings.batch_size, steps, settings.seed)
    trainer = hardware.trainer(precision=hardware.model_precision(), max_epochs=1, callbacks=extra)
    trainer.fit(model, DataLoader(batches, batch_size=None))


def report_throughput(console: Console) -> None:
    """Prints speed, share of the machine's peak and memory for every size; each is measured in a process of its own."""
    device = build(plain(compose([]))).hardware.device()
    peaks = {"fp32": matrix_gflops(torch.float32, device), "bf16": matrix_gflops(torch.bfloat16, device)}
    console.print("matrix product: " + ", ".join(f"{name} {peak:,.0f} GFLOP/s" for name, peak in peaks.items()))
    peak = max(peaks.values())
    table = Table("size", "images/s", "per GFLOP/s", "GFLOP/image", "share of peak", "peak memory (GiB)")
    for size in SIZES:
        if size == "paper" and device.type != "cuda":
            continue
        command = [sys.executable, "-m", "uqgen.benchmark", "--size", size]
        speed = Throughput(**json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
        share = speed.images_per_second * speed.gflop_per_image / peak
        numbers = (speed.images_per_second, speed.images_per_second / peak, speed.gflop_per_image, share)
        table.add_row(size, *(f"{number:.3g}" for number in numbers), f"{speed.peak_memory_gib:.2f}")
    console.print(table)
    console.print(f"per GFLOP/s: of the faster matrix product; the medium size is to reach {IMAGES_PER_GFLOPS}")


def report_start(console: Console) -> None:
    """Prints how long a process takes to import the package and to show its help."""
    commands = {
        "import torch, lightning": ["-c", "import torch, lightning"],
        "import uqgen": ["-c", "import uqgen"],
        "python -m uqgen.train --help": ["-m", "uqgen.train", "--help"],
    }
    for name, command in commands.items():
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
        console.print(f"{name}: {time.perf_counter() - start:.1f} s")


def report_experiments(console: Console, folder: Path) -> None:
    """Runs the experiments whose time and quality are promised, from nothing but the data, and prints what they reach.

    The data come first, since their download says nothing of the program.
    """
    build(plain(compose([]))).load_data()
    table = Table("experiment", "what", "reached", "promised")
    for name, seconds in {"moons": 90, "mnist_corrupt": 900}.items():
        run, start = RunFolder(folder / name), time.perf_counter()
        choices = [f"experiment={name}", f"run={run.path}", f"cache={folder / 'cache'}"]
        subprocess.run([sys.executable, "-m", "uqgen.train", *choices], check=True)
        table.add_row(name, "seconds in all", f"{time.perf_counter() - start:.0f}", f"under {seconds}")
        results = run.read_results()
        for row in _quality(name, results):
            table.add_row(name, *row)
    console.print(table)


def _quality(name: str, results: dict[str, Any]) -> list[tuple[str, str, str]]:
    uniform = results["in_vs_out"]["uniform"]
    agreement = results["class_agreement"]["data"]["value"]
    pearson, mae, of_class = (0.98, 0.015, 0.93) if name == "mnist_corrupt" else (0.99, 0.015, 0.9)
    return [
        ("Pearson, requested uniformly", f"{uniform['pearson']['value']:.3f}", f"at least {pearson}"),
        ("mean absolute error, requested uniformly", f"{uniform['mae']['value']:.3f}", f"at most {mae}"),
        ("class agreement, requested as in the data", f"{agreement:.3f}", f"at least {of_class}"),
    ]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, help="measure one size alone and print it as JSON")
    parser.add_argument("--quick", action="store_true", help="leave out the whole experiments, which take minutes")
    parser.add_argument("--folder", type=Path, default=Path("runs/bench") / f"{datetime.now():%Y-%m-%d_%H-%M-%S-%f}")
    arguments = parser.parse_args()
    console = Console()
    if arguments.size:
        speed = measure_throughput(build(plain(compose(SIZES[arguments.size]))))
        console.file.write(json.dumps(vars(speed)))
        return
    report_start(console)
    report_throughput(console)
    if not arguments.quick:
        report_experiments(console, arguments.folder)


if __name__ == "__main__":
    main()
