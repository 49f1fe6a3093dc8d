import pytest
import torch

from uqgen.settings import SettingError
from uqgen.tensor_files import load_tensors, save_tensors


@pytest.mark.parametrize("damage", [lambda whole: whole[: len(whole) // 2], lambda whole: b"", lambda whole: b"text"])
def test_a_damaged_file_is_named_with_what_to_do(damage, tmp_path):
    path = tmp_path / "logits.pt"
    save_tensors({"train": torch.zeros(300, 10)}, path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(
        SettingError, match=rf"^file={path}: allowed: one that is whole.*; if it is deleted, it is made"
    ):
        load_tensors(path)


def test_a_file_that_is_not_there_is_another_matter(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_tensors(tmp_path / "nothing.pt")
