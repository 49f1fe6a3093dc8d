"""Slices as files; a whole export is in tests/test_explain.py."""

from uqgen.explanation.slice_export import folder_names


def test_each_class_has_a_folder_of_its_own():
    found = folder_names(["a/b", "a_b", "A.", "c", "..", "é" * 300])
    assert found == ["a_b-0", "a_b-1", "A", "c", "_", "é" * 100]
