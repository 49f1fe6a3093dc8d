import logging

import pytest

from uqgen.logs import log_to


@pytest.mark.usefixtures("log_no_further")
def test_a_record_is_one_line_whatever_the_name_of_a_file_is(tmp_path, capsys):
    log_to(tmp_path / "train.log")
    logging.getLogger("uqgen.data").warning("%s: %d files left out", "a\nb", 2)
    (line,) = (tmp_path / "train.log").read_text().splitlines()
    assert line.endswith(r"WARNING uqgen.data: a\nb: 2 files left out")
    assert r"a\nb: 2 files left out" in capsys.readouterr().out


@pytest.mark.usefixtures("log_no_further")
def test_the_lines_of_an_error_are_joined(tmp_path):
    log_to(tmp_path / "train.log")
    logging.getLogger("uqgen.data").info("%s failed: %s", "a\nb", OSError("no answer:\nnot known\n"))
    (line,) = (tmp_path / "train.log").read_text().splitlines()
    assert line.endswith(r"a\nb failed: no answer: not known")
