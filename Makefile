# `make` or `make help` lists what there is. Choose another Python with PYTHON=python3.13.

PYTHON ?= python3
VENV = .venv
RUN = $(VENV)/bin/python
INSTALLED = $(VENV)/.installed
TOOLS = $(VENV)/.tools
# Python compiles what it imports the first time; compiling all that there is would take longer. Where it is told not to
# keep what it compiled, as in many containers, each command would compile torch anew, which takes longer than all else.
PIP = $(RUN) -m pip install --disable-pip-version-check --no-compile
unexport PYTHONDONTWRITEBYTECODE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

install: $(TOOLS) ## install uqgen and its tools, as pinned in constraints.txt, in .venv

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "$(PYTHON) is Python %d.%d; uqgen needs 3.11 or newer: make install PYTHON=python3.11" % sys.version_info[:2] or 0)'
	$(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt -e .
	@touch $(INSTALLED)

$(TOOLS): $(INSTALLED)
	$(PIP) -c constraints.txt -e '.[dev,sweep,dashboard,tensorboard]'
	@touch $(TOOLS)

demo: $(INSTALLED) ## train on corrupted MNIST and write a report, runs/demo
	$(RUN) -m uqgen.train experiment=mnist_corrupt run=runs/demo
	@echo 'Images with fewer faults, which take longer to make: $(RUN) -m uqgen.train experiment=mnist_corrupt model=flow run=runs/flow'

app: $(INSTALLED) ## install what the explorer needs, and serve runs/demo on this machine
	$(PIP) -e '.[app]'
	$(RUN) -m uqgen.app run=runs/demo

JOBS ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)
SWEEP = OMP_NUM_THREADS=1 $(RUN) -m uqgen.train -m sweep=variants hydra/launcher=joblib hydra.launcher.n_jobs=$(JOBS)
ON_IMAGES = paper,consistency,flow

# A job that fails stays in the table.
variants: $(TOOLS) ## train variants of conditioning with three seeds, JOBS at once, and write docs/results.md (hours)
	-$(SWEEP) experiment=moons hydra.sweep.dir=sweeps/moons
	-$(SWEEP) experiment=mnist_corrupt variant=$(ON_IMAGES) hydra.sweep.dir=sweeps/mnist_corrupt
	-$(SWEEP) experiment=mnist variant=$(ON_IMAGES) seed=0 hydra.sweep.dir=sweeps/mnist
	-$(SWEEP) experiment=fashion_mnist variant=consistency,flow seed=0 hydra.sweep.dir=sweeps/fashion_mnist
	$(RUN) -m uqgen.results replace=true

test: $(TOOLS) ## run the fast tests
	$(RUN) -m pytest -n 2 --dist loadfile

test-slow: $(TOOLS) ## run the slow tests
	$(RUN) -m pytest -m slow

test-cluster: $(TOOLS) ## run sweeps on a SLURM of Debian's packages and on Ray
	$(RUN) -m pytest -m cluster

test-browser: $(TOOLS) ## open the explorer and a report in the Chromium that is there
	$(PIP) -e '.[app,browser]'
	$(RUN) -m pytest -m browser tests/browser

docs: $(TOOLS) ## build the documentation in site/, without warnings
	$(PIP) -c constraints.txt -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict

COPY = from pathlib import Path; from uqgen.report.saving import compact_png; import sys; Path(sys.argv[2]).write_bytes(compact_png(Path(sys.argv[1])))

pictures: $(INSTALLED) ## put pictures of runs/demo and of sweeps/fashion_mnist on the first page
	$(RUN) -m uqgen.explain run=runs/demo image=3
	$(RUN) -c '$(COPY)' runs/demo/figures/overview.png docs/images/overview.png
	$(RUN) -c '$(COPY)' runs/demo/explanation/image_3-*.png docs/images/edit.png
	$(RUN) -c '$(COPY)' 'sweeps/fashion_mnist/seed=0,variant=flow/figures/overview.png' docs/images/fashion.png

lint: $(TOOLS) ## look for mistakes and stray formatting
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check

format: $(TOOLS) ## format the code and mend what can be mended
	$(RUN) -m ruff check --fix
	$(RUN) -m ruff format

typecheck: $(TOOLS) ## check the types
	$(RUN) -m mypy uqgen

check: lint typecheck ## lint and typecheck

bench: $(INSTALLED) ## measure the speed of training and generating
	$(RUN) -m uqgen.benchmark

features: $(INSTALLED) ## train the features for MNIST, which come with the package, once more
	$(RUN) -m uqgen.evaluation.feature_training

clean: ## delete caches and builds; data, runs and .venv stay
	rm -rf build dist site *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache
	find uqgen tests -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help install demo app variants test test-slow test-cluster test-browser docs pictures lint format typecheck check bench features clean
