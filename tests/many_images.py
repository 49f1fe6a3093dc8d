"""``python tests/many_images.py [N]``: how long a folder of many images takes to open, and how much memory it takes.

Makes N JPEGs (200,000) of 128 x 128 pixels in a temporary folder, opens them as `data=folder` does, and prints the time
of the first start, which decodes them, and of a second one, and the memory of one and of four processes that have read
every pixel. Memory is the proportional set size: of what several processes share, each has its part. Linux alone.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from uqgen.data.corruption import Corruption
from uqgen.data.folder import FolderDataModule

OPENED = "opened"
SIZE, CLASSES, DIFFERENT = 128, 10, 200  # pixels; pictures that are drawn, and written again and again


def make(folder: Path, n: int) -> None:
    """Writes n files; no two have the same bytes, but for their last ones many show the same picture."""
    rng, drawn = np.random.default_rng(0), []
    for _ in range(DIFFERENT):
        rough = Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8))
        buffer = BytesIO()
        rough.resize((SIZE, SIZE), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
        drawn.append(buffer.getvalue())
    for label in range(CLASSES):
        (folder / f"class {label}").mkdir(parents=True)
    for number in track(range(n), "making images"):
        path = folder / f"class {number % CLASSES}" / f"{number:07d}.jpg"
        path.write_bytes(drawn[number % DIFFERENT] + number.to_bytes(4))


def start(folder: Path, cache: Path | None, corrupted: bool) -> None:
    """Opens the images, reads every pixel, prints how long the opening took, and waits for a line."""
    begun, before = time.perf_counter(), time.process_time()
    corruption = Corruption(blur_sigma=(4.8, 7.2, 9.6, 12, 14.4)) if corrupted else None
    data = FolderDataModule(folder, SIZE, cache=cache, corruption=corruption)
    data.setup()
    seconds, spent = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)  # who decode
    cpu = time.process_time() - before + spent.ru_utime + spent.ru_stime
    for split in (data.train, data.validation, data.test):
        for part in split.x.split(1_000):
            part.amax()
    print(OPENED, seconds, cpu, flush=True)  # noqa: T201
    sys.stdin.readline()


def measure(arguments: list[str], n_processes: int) -> tuple[float, float, float]:
    """Some processes that open the images at once: seconds and processor seconds of the slowest, and GiB of all."""
    command = [sys.executable, __file__, *arguments]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(n_processes)]
    opened = [next(line for line in process.stdout if line.startswith(OPENED)).split()[1:] for process in processes]
    memory = sum(proportional_set_size(process.pid) for process in processes)
    for process in processes:
        process.communicate("\n")
    seconds, cpu = (max(map(float, each)) for each in zip(*opened, strict=True))
    return seconds, cpu, memory


def proportional_set_size(pid: int) -> float:
    """In GiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 2**20


def main() -> None:
    """Measures and prints; what it made is gone afterwards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("n", type=int, nargs="?", default=200_000)
    parser.add_argument("--corrupted", action="store_true", help="noise and blur on half of the images")
    parser.add_argument("--whole", action="store_true", help="also without a cache: decoded anew, in own memory")
    parser.add_argument("--start", help=argparse.SUPPRESS)
    parser.add_argument("--cache", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.start:
        start(Path(given.start), given.cache, given.corrupted)
        return
    table = Table("start", "processes", "seconds", "processor seconds", "GiB together")
    with tempfile.TemporaryDirectory() as place:
        folder, cache = Path(place) / "images", Path(place) / "cache"
        make(folder, given.n)
        opening = ["--start", str(folder), *(["--corrupted"] if given.corrupted else [])]
        kept = [*opening, "--cache", str(cache)]
        runs = [("first", kept, 1), ("second", kept, 1), ("second", kept, 4)]
        if given.whole:
            runs += [("without a cache", opening, 1)]
        for name, arguments, n_processes in runs:
            seconds, cpu, memory = measure(arguments, n_processes)
            table.add_row(name, str(n_processes), f"{seconds:.1f}", f"{cpu:.1f}", f"{memory:.2f}")
        on_disk = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file()) / 2**30
    pixels = given.n * 3 * SIZE**2 / 2**30
    Console().print(table, f"{given.n:,} images, {pixels:.2f} GiB of pixels; the cache has {on_disk:.2f} GiB", sep="\n")


if __name__ == "__main__":
    main()
