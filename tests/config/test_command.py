import subprocess
import sys


def test_the_command_refuses_in_one_line_before_any_work(tmp_path):
    """As a process of its own; tests/test_commands.py has more that is refused."""
    command = [sys.executable, "-m", "uqgen.train", "experiment=mnst", f"cache={tmp_path / 'cache'}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stderr.startswith("uqgen: experiment=mnst: allowed: digits, fashion_mnist, mnist, mnist_corrupt, moons")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []
