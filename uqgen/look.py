"""``python -m uqgen.look run=DIR``: a page that asks a person which images are real, and counts."""

from pathlib import Path

from omegaconf import DictConfig

from uqgen.config import plain, run_command
from uqgen.run_folder import RunFolder
from uqgen.settings import known_as, require, require_integer, require_seed


def main(cfg: DictConfig) -> float:
    """Loads a run and writes the page; returns the number of images on it."""
    settings = plain(cfg)
    n, seed = settings["n"], settings["seed"]
    require_integer("n", n, 2)
    require_seed("seed", seed)
    from uqgen.evaluation.look import mix_images  # slow imports, which --help and a mistake need not wait for
    from uqgen.report.look_page import About, write_look_page
    from uqgen.run_loading import load_run, permissions

    folder = RunFolder(Path(settings["run"]))
    folder.read_settings()  # refuses what is no run, before anything is written
    with folder.held():
        with known_as("split", "evaluation.split"):
            run = load_run(folder, {"split": settings["split"]}, **permissions(settings))
        require(run.experiment.data.is_image, "run", folder.path, "a run of images")
        split = run.experiment.evaluation.split
        path = folder.look(split, n, seed)
        about = About(folder.path.resolve().name, split, seed, run.classifiers.score.name, tuple(run.class_names))
        images = mix_images(run.model, run.evaluator, n, seed)
        write_look_page(path, images, about)
    print(f"look: {path.resolve()}")  # noqa: T201
    return len(images.x)


if __name__ == "__main__":
    run_command("look", main)
