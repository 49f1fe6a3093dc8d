"""The command as its users run it, beside a W&B that is absent, out of reach, refuses, or takes the workspace."""

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from uqgen.config import compose
from uqgen.dashboard import SECONDS, build_workspace, dashboard, write_specification
from uqgen.settings import ExplainedError, SettingError

pytest.importorskip("wandb_workspaces")

from uqgen.loggers.workspace import specification, workspace

KEY = "k" * 40
CLOSED = "http://127.0.0.1:9"
VIEWER = {"id": "1", "username": "someone", "entity": "someone", "flags": "{}", "teams": {"edges": []}}


def clean(home, **more: str) -> dict[str, str]:
    """An environment without an account."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    return kept | {"HOME": str(home), "NETRC": str(home / "netrc"), "WANDB_CACHE_DIR": str(home), **more}


def run(folder, *overrides: str, **environment: str) -> subprocess.CompletedProcess:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "uqgen.dashboard", *overrides]
    work = folder / "work"
    work.mkdir(exist_ok=True)
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 120}
    return subprocess.run(command, cwd=work, env=clean(home, **environment), **options)


def written(folder, name: str) -> dict:
    return json.loads((folder / "work" / name).read_text())


def without_ids(node: object) -> object:
    """Plain values without the random names of panels."""
    if isinstance(node, dict):
        return {key: without_ids(value) for key, value in node.items() if key != "__id__"}
    return [without_ids(item) for item in node] if isinstance(node, list) else node


@contextmanager
def server(refusal: str | None = None) -> Iterator[tuple[str, list[dict]]]:
    """A W&B that takes every workspace, or refuses it: its address, and what it was sent to keep."""
    sent = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = {"data": {"viewer": VIEWER}}
            if b"upsertView" in body:
                sent.append(json.loads(body)["variables"])
                view = {"id": "1", "name": sent[-1]["name"]}
                answer = {"data": {"upsertView": {"view": view, "inserted": True}}}
                answer = {"errors": [{"message": refusal}], "data": None} if refusal else answer
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=listening.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}", sent
    finally:
        listening.shutdown()
        listening.server_close()


def test_the_file_holds_the_specification_and_replaces_another_saying_so(tmp_path, capsys):
    made, file = workspace("someone", "mine"), tmp_path / "new" / "dashboard.json"
    write_specification(made, file)
    assert capsys.readouterr().out == f"specification: {file}\n"
    assert json.loads(file.read_text()) == specification(made)
    other = workspace("someone", "other")
    write_specification(other, file)
    assert capsys.readouterr().out == f"specification: {file} (replaced the one that was there)\n"
    assert json.loads(file.read_text()) == specification(other)


def test_without_a_key_the_specification_is_written_and_the_next_command_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(os, "environ", clean(tmp_path, WANDB_BASE_URL=CLOSED))
    monkeypatch.chdir(tmp_path)
    dashboard(compose(["project=my project", "file=here.json"], "dashboard"))
    assert "python -m uqgen.dashboard entity=ENTITY 'project=my project'\n" in capsys.readouterr().out
    made = json.loads((tmp_path / "here.json").read_text())
    assert without_ids(made) == without_ids(specification(workspace("", "my project")))


@pytest.mark.slow
def test_the_command_without_a_key_writes_the_specification_alone(tmp_path):
    done = run(tmp_path, "project=my project", "file=here.json", WANDB_BASE_URL=CLOSED)
    assert (done.returncode, done.stderr) == (0, "")
    assert "python -m uqgen.dashboard entity=ENTITY 'project=my project'\n" in done.stdout
    assert without_ids(written(tmp_path, "here.json")) == without_ids(specification(workspace("", "my project")))
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["here.json"]


@pytest.mark.slow
def test_nobody_is_asked_in_a_terminal_either(tmp_path):
    master, terminal = pty.openpty()
    command = [sys.executable, "-m", "uqgen.dashboard", "entity=someone"]
    try:
        streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
        done = subprocess.run(command, cwd=tmp_path, env=clean(tmp_path), timeout=60, **streams)
        said = os.read(master, 1 << 16).decode()
    finally:
        os.close(master)
        os.close(terminal)
    assert done.returncode == 0
    assert "wandb login: python -m uqgen.dashboard entity=someone project=uqgen" in said
    assert (tmp_path / "dashboard-uqgen.json").exists()


@pytest.mark.slow
def test_with_a_key_it_is_saved_as_specified_and_its_address_printed(tmp_path):
    with server() as (address, sent):
        done = run(tmp_path, "entity=someone", "project=mine", WANDB_API_KEY=KEY, WANDB_BASE_URL=address)
    assert (done.returncode, done.stderr) == (0, "")
    (view,) = sent
    name = view["name"].removeprefix("nw-").removesuffix("-v")
    assert done.stdout == f"dashboard: {address}/someone/mine?nw={name}\n"
    truth = specification(workspace("someone", "mine"))
    assert (view["entityName"], view["projectName"]) == ("someone", "mine")
    assert view["displayName"] == truth["displayName"]
    assert without_ids(json.loads(view["spec"])) == without_ids(truth["spec"])
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.slow
def test_a_login_kept_in_netrc_is_a_key(tmp_path):
    (tmp_path / "home").mkdir()
    with server() as (address, sent):
        host = address.removeprefix("http://")
        (tmp_path / "home" / "netrc").write_text(f"machine {host}\n  login user\n  password {KEY}\n")
        done = run(tmp_path, "entity=someone", WANDB_BASE_URL=address)
    assert done.returncode == 0, done.stderr
    assert len(sent) == 1


def assert_explained(done: subprocess.CompletedProcess, folder, reason: str) -> None:
    assert done.returncode == 2
    assert done.stderr.startswith("uqgen: W&B did not save the workspace (")
    assert done.stderr.count("\n") == 1
    assert reason in done.stderr
    assert done.stderr.endswith("To try again: python -m uqgen.dashboard entity=someone project=uqgen\n")
    assert done.stdout.startswith("specification: ")
    assert written(folder, "dashboard-uqgen.json")["entity"] == "someone"


@pytest.mark.slow
def test_a_refusal_is_one_line_and_the_specification_is_kept(tmp_path):
    with server(refusal="permission denied") as (address, _):
        done = run(tmp_path, "entity=someone", WANDB_API_KEY=KEY, WANDB_BASE_URL=address)
    assert_explained(done, tmp_path, "permission denied")


@pytest.mark.slow
def test_a_bad_key_and_an_unreachable_server_are_soon_one_line_and_the_specification_is_kept(tmp_path):
    seconds = []
    for key, reason in (("short", "API key must have 40+ characters"), (KEY, f"Can {CLOSED} be reached")):
        start = time.monotonic()
        done = run(tmp_path, "entity=someone", WANDB_API_KEY=key, WANDB_BASE_URL=CLOSED)
        seconds.append(time.monotonic() - start)
        assert_explained(done, tmp_path, reason)
    at_once, after_waiting = seconds  # a bad key is found out without a server; the rest is imports
    assert after_waiting - at_once < 3 * SECONDS  # W&B's own patience is 19 seconds


REFUSED = [
    ([], "entity=None: allowed: the user or the team that owns the project"),
    (["entity=me/mine"], "entity=me/mine: allowed: a name without any of / "),
    (["project=null"], "project=None: allowed: text"),
    (["entity=me", "project=me/mine"], "project=me/mine: allowed: a name without any of / "),
]


@pytest.mark.parametrize(("overrides", "message"), REFUSED, ids=[message.split(":")[0] for _, message in REFUSED])
def test_a_name_that_w_and_b_would_not_take_is_refused_and_nothing_written(overrides, message, tmp_path, monkeypatch):
    for name, value in {"WANDB_API_KEY": KEY, "WANDB_HTTP_TIMEOUT": "5", "WANDB_SILENT": "true"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as refusal:
        dashboard(compose([*overrides, f"file={tmp_path / 'dashboard.json'}"], "dashboard"))
    assert str(refusal.value).startswith(message)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_setting_is_one_line(tmp_path):
    done = run(tmp_path, "entty=me")
    assert (done.returncode, done.stderr) == (2, "uqgen: entty=me: allowed: entity, project, file\n")


def test_a_file_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(SettingError, match=r"allowed: a file that can be written \(Is a directory\)$"):
        write_specification(workspace("me", "mine"), tmp_path)


def test_a_missing_package_is_explained(monkeypatch):
    monkeypatch.setitem(sys.modules, "uqgen.loggers.workspace", None)
    with pytest.raises(ExplainedError, match=r"^the dashboard needs pip install 'uqgen\[dashboard\]'$"):
        build_workspace("me", "mine")


@pytest.mark.slow
def test_a_missing_package_is_one_line(tmp_path):
    absent = tmp_path / "absent"
    absent.mkdir()
    (absent / "wandb_workspaces.py").write_text("raise ModuleNotFoundError('No module named wandb_workspaces')\n")
    done = run(tmp_path, "entity=someone", PYTHONPATH=str(absent))
    assert done.returncode == 2
    assert done.stderr == "uqgen: the dashboard needs pip install 'uqgen[dashboard]'\n"


def test_runs_and_their_dashboard_share_a_project():
    assert compose([], "dashboard").project == compose([]).logger.wandb.project
