"""Names that every file system takes."""

import re
from zlib import crc32

_LETTERS = 30  # of a stem: two of them stay below what any file system allows
_BYTES = 200  # of a part: with what stands around it, it stays below the 255 that file systems allow


def stem(name: str) -> str:
    """A name without signs that mean something to a shell or a disk; of a long one the beginning, and a hash.

    Examples:
        >>> stem("a b/c")
        'a_b_c'
    """
    found = re.sub(r"[^\w.-]+", "_", name)
    return found if len(found) <= _LETTERS else f"{found[: _LETTERS - 9]}-{_hash(found)}"


def within_file_name(part: str) -> str:
    """The part itself, or the stem and a hash of one that is long or holds slashes."""
    if len(part.encode()) <= _BYTES and not set("/\\\0") & set(part):
        return part
    return f"{stem(part)}-{_hash(part)}"


def _hash(text: str) -> str:
    return f"{crc32(text.encode()):08x}"
