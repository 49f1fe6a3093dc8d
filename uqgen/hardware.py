"""What the program runs on, and with which precision."""

import logging
import os
import signal
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.utilities.exceptions import MisconfigurationException

from uqgen import distributed
from uqgen.settings import SettingError, require, require_choice, require_integer

UNFOUNDED_WARNINGS = (
    ".*does not have many workers.*",
    ".*is smaller than the logging interval.*",
    ".*module\\(s\\) in eval mode.*",
    ".*treespec.*",
    ".*srun. command is available.*",
)
MANUAL = ("accumulate_grad_batches", "gradient_clip_val")  # Lightning refuses them with manual optimisation
LENGTH = "null: model.training.n_images says how long a training is"
SET_ELSEWHERE = {
    "logger": "null: logger=csv, tensorboard, wandb or [] chooses what logs",
    "callbacks": "null: +callbacks.NAME._target_=... adds one to those that a run needs",
    "barebones": "null: a training reports and keeps what it reaches",
    **dict.fromkeys(("max_epochs", "min_epochs", "max_steps", "min_steps", "max_time"), LENGTH),
    **dict.fromkeys(("limit_train_batches", "overfit_batches", "fast_dev_run"), LENGTH),
}  # flags of Lightning that would end or empty a training without a word
PRECISIONS = ("auto", "32-true", "bf16-mixed", "16-mixed")


class SignalsAsBefore(Callback):
    """What SIGTERM does is not changed by a training: Lightning would wait for a step's end, and end with status 0."""

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Lightning puts its handler in place after this."""
        self.before = signal.getsignal(signal.SIGTERM)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Puts ours back, or a launcher's."""
        if callable(self.before) and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self.before)


@dataclass(frozen=True)
class Hardware:
    """Devices and precision.

    Attributes:
        accelerator: "auto" (a GPU where there is one), "cpu", "gpu" or "mps".
        devices: number of devices of each machine.
        num_nodes: number of machines.
        precision: of the model's training; "auto" is bf16 where the hardware computes in it, otherwise fp32.
        flags: further arguments of the `lightning.Trainer` that trains the model.

    Raises:
        SettingError: a value is not allowed, or the accelerator is not there.
    """

    accelerator: str = "auto"
    devices: int = 1
    num_nodes: int = 1
    precision: str = "auto"
    flags: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, trainer: "partial[Trainer]") -> "Hardware":
        """The devices and flags of a `lightning.Trainer` that is still to be made."""
        given = dict(trainer.keywords)
        named = {
            name: given.pop(name) for name in ("accelerator", "devices", "num_nodes", "precision") if name in given
        }
        return cls(**named, flags=given)

    def __post_init__(self) -> None:
        require_choice("accelerator", self.accelerator, ("auto", "cpu", "gpu", "mps"))
        require_choice("precision", self.precision, PRECISIONS)
        require_integer("devices", self.devices, 1)
        require_integer("num_nodes", self.num_nodes, 1)
        try:
            self.device()
        except MisconfigurationException as error:
            raise SettingError("accelerator", self.accelerator, f"what this machine has ({error})") from error
        for name in MANUAL:
            allowed = "none: a model of ours makes its steps itself"
            require(self.flags.get(name) in (None, 1), name, self.flags.get(name), allowed)
        for name, allowed in SET_ELSEWHERE.items():
            require(self.flags.get(name) is None, name, self.flags.get(name), allowed)
        try:
            self.trainer(**self.flags)
        except (TypeError, ValueError, MisconfigurationException) as error:
            raise SettingError("flags", dict(self.flags), f"arguments of lightning.Trainer ({error})") from error

    def device(self) -> torch.device:
        """This process's device."""
        return self.trainer(devices=1, num_nodes=1).strategy.root_device

    def model_precision(self) -> str:
        """The precision that "auto" stands for here."""
        if self.precision != "auto":
            return self.precision
        return "bf16-mixed" if computes_in_bf16(self.device().type) else "32-true"

    def describe(self) -> str:
        """What the run has got, in one line."""
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        given = f", CUDA_VISIBLE_DEVICES={visible}" if visible else ""
        return f"{self.device()} of {self.world_size} device(s), {self.model_precision()}{given}"

    @property
    def world_size(self) -> int:
        """Number of processes, one a device."""
        return self.devices * self.num_nodes

    def check_processes(self) -> None:
        """Refuses several machines unless torchrun started the processes, and another number of them than configured.

        Raises:
            SettingError: so it is.
        """
        if distributed.is_launched():
            n = int(os.environ["WORLD_SIZE"])
            allowed = f"with trainer.num_nodes={self.num_nodes}, what makes the {n} processes that torchrun started"
            require(n == self.world_size, "trainer.devices", self.devices, allowed)
        else:
            allowed = "1, unless torchrun starts it on every machine (docs/cluster.md)"
            require(self.num_nodes == 1, "trainer.num_nodes", self.num_nodes, allowed)

    def trainer(self, strategy: str = "ddp", **settings: Any) -> Trainer:
        """A Lightning trainer on these devices, silent but for what its callbacks say.

        Args:
            strategy: of several processes; one alone needs none.
            settings: of the trainer, beside and instead of these.
        """
        quiet_lightning()
        defaults: dict[str, Any] = {
            "accelerator": self.accelerator,
            "devices": self.devices,
            "num_nodes": self.num_nodes,
        }
        silent = {
            "logger": False,
            "enable_checkpointing": False,
            "enable_model_summary": False,
            "enable_progress_bar": False,
        }
        if settings.get("devices", self.devices) * settings.get("num_nodes", self.num_nodes) > 1:
            defaults["strategy"] = strategy
        else:
            # A cluster's scheduler, and torchrun, are not to be requested about work that is this process's alone.
            defaults["plugins"] = [LightningEnvironment()]
            if self.accelerator in ("auto", "gpu") and torch.cuda.is_available():
                settings["devices"] = [torch.cuda.current_device()]
        trainer = Trainer(**{**defaults, **silent, **settings})
        trainer.callbacks.append(SignalsAsBefore())  # type: ignore[attr-defined]
        return trainer


def computes_in_bf16(device_type: str) -> bool:
    """Whether the hardware itself multiplies in bf16, so that bf16 saves time instead of costing it."""
    if device_type == "cuda":
        return torch.cuda.get_device_capability() >= (8, 0)
    return device_type == "cpu" and (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def fast_autocast(device: torch.device) -> torch.autocast:
    """Computes in bf16 within the block where the hardware itself does; elsewhere as it is."""
    in_bf16 = computes_in_bf16(device.type)
    return torch.autocast(device.type, torch.bfloat16 if in_bf16 else None, enabled=in_bf16)


def quiet_lightning() -> None:
    """Silences remarks of Lightning that do not apply: data are in memory, so a loader needs no workers."""
    for name in ("utilities.rank_zero", "accelerators.cuda", "trainer.connectors.checkpoint_connector"):
        logging.getLogger(f"lightning.pytorch.{name}").setLevel(logging.WARNING)
    for message in UNFOUNDED_WARNINGS:
        warnings.filterwarnings("ignore", message)
