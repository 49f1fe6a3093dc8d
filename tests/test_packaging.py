import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

REPOSITORY = Path(__file__).parents[1]


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files(folder: Path) -> set[str]:
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in paths if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from the sdist that is built from this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, REPOSITORY, cwd=folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed wheel alone; the libraries come from this environment."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, "--no-deps", "--no-index", "--target", folder, wheel, cwd=folder)
    return folder


def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel):
    package = {f"uqgen/{name}" for name in files(REPOSITORY / "uqgen")}
    configuration = {f"uqgen/conf/{name}" for name in files(REPOSITORY / "conf")}
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == package | configuration


@pytest.mark.slow
def test_the_installed_wheel_composes_every_experiment_from_its_own_configuration(site, tmp_path):
    experiments = sorted(path.stem for path in (REPOSITORY / "conf" / "experiment").glob("*.yaml"))
    assert experiments
    # This one is nowhere else, so it is composed from the wheel's files or not at all.
    folder = site / "uqgen" / "conf" / "experiment"
    shutil.copy(folder / f"{experiments[0]}.yaml", folder / "only_here.yaml")
    program = (
        "import json, sys, uqgen\n"
        "from uqgen.config import compose\n"
        "sizes = {name: len(compose([f'experiment={name}'])) for name in sys.argv[1:]}\n"
        "print(json.dumps([uqgen.__file__, sizes]))"
    )
    output = run(sys.executable, "-c", program, *experiments, "only_here", cwd=tmp_path, PYTHONPATH=str(site))
    package, sizes = json.loads(output.splitlines()[-1])
    assert Path(package) == site / "uqgen" / "__init__.py"
    assert sizes.keys() == {*experiments, "only_here"}
    assert all(sizes.values())
