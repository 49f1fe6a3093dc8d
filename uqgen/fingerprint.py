"""What a run was started with: its data, its classifiers and the version, so that a change does not go unnoticed."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import torch

import uqgen
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.data.members import Members, n_found
from uqgen.files import read_json, write_atomically
from uqgen.run_folder import RunFolder
from uqgen.settings import SettingError
from uqgen.tensor_files import load_tensors, save_tensors

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fingerprint:
    """What a run is compared with.

    Attributes:
        run: its folder; one of an earlier version has no fingerprint, and is compared with nothing.
        allow_changed: goes on with what differs, and says so in the log.
    """

    run: RunFolder
    allow_changed: bool = False

    def keep_data(self, data: InMemoryDataModule) -> None:
        """Leaves word of the data and the version; of 70,000 images, 1.1 MB."""
        members = {split: list(part) for split, part in data.members().items()}
        content = {"version": uqgen.__version__, "class_names": list(data.class_names), "members": members}
        save_tensors(content, self.run.data_fingerprint)

    def compare_data(self, data: InMemoryDataModule) -> None:
        """Compares data that are set up; changed ones take the splits of the run, where that is allowed.

        Raises:
            SettingError: they differ.
        """
        if not self.run.data_fingerprint.exists():
            return
        old = load_tensors(self.run.data_fingerprint)
        if old["version"] != uqgen.__version__:
            log.info("%s was started with version %s, this is %s", self.run.path, old["version"], uqgen.__version__)
        if old["class_names"] != list(data.class_names):
            raise self._refusal(f"classes {', '.join(old['class_names'])}, not {', '.join(data.class_names)}")
        members = {split: Members(*part) for split, part in old["members"].items()}
        found = difference(members, data.members())
        if found:
            refusal = self._refusal(
                f"its data, which changed: {found}; allow_changed=true goes on with those still there"
            )
            self._allow(refusal, f"the data changed: {found}; of those still there, the run's own splits are taken")
            data.keep(members)

    def keep_classifiers(self, classifiers: Mapping[str, FrozenClassifier]) -> None:
        """Leaves word of the weights of classifiers, by name."""
        digests = {name: classifier.digest_of_weights() for name, classifier in classifiers.items()}
        write_atomically(self.run.classifiers_fingerprint, (json.dumps(digests, indent=2) + "\n").encode())

    def compare_classifiers(self, classifiers: Mapping[str, FrozenClassifier]) -> None:
        """Compares the weights of classifiers, those that the run had.

        Raises:
            SettingError: they differ.
        """
        if not self.run.classifiers_fingerprint.exists():
            return
        old = read_json(self.run.classifiers_fingerprint, "run")
        for name, classifier in classifiers.items():
            if name in old and old[name] != classifier.digest_of_weights():
                refusal = self._refusal(f"the weights of its {name}, which changed; or allow_changed=true")
                self._allow(refusal, f"the weights of the {name} changed")

    def _refusal(self, allowed: str) -> SettingError:
        return SettingError("run", self.run.path, f"a run as it was started, with {allowed}")

    def _allow(self, refusal: SettingError, said: str) -> None:
        if not self.allow_changed:
            raise refusal
        log.warning("allow_changed: %s", said)


def difference(old: Mapping[str, Members], new: Mapping[str, Members]) -> str:
    """In what splits differ, in words; empty where they are the same."""
    before, after = (torch.cat([part.digest for part in some.values()]) for some in (old, new))
    there = n_found(before, after)
    more, fewer = len(after) - there, len(before) - there
    moved = there - sum(n_found(part.digest, new[split].digest) for split, part in old.items())
    counts = {f"{more} more": more, f"{fewer} fewer": fewer, f"{moved} in another split": moved}
    words = [text for text, count in counts.items() if count]
    same = all(torch.equal(one, other) for split in old for one, other in zip(old[split], new[split], strict=True))
    return ", ".join(words) or ("" if same else "in another order")
