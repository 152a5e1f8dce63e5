"""The command line as a person meets it: what it prints, where, and how it ends. Each run is a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from photoplay.cli import app
from photoplay.cli.animate import free_name
from photoplay.cli.console import EXIT_CODES, as_size, exit_code
from photoplay.errors import ImageUnreadable, JobNotFound, PhotoplayError, RenderTimeout, UnknownEffect
from support.files import huge_png, jpeg
from support.server import run_cli

TINY = '{"motion": "support.tiny_engine:TinyEngine"}'


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli") / "data"


def run(*arguments: str) -> tuple[int, str]:
    """In this process, where that says as much: status and everything printed."""
    done = CliRunner().invoke(app, list(arguments), env={"NO_COLOR": "1", "COLUMNS": "200"})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        if not isinstance(done.exception, PhotoplayError):
            raise done.exception
        return exit_code(done.exception), done.exception.message
    return done.exit_code, done.output


# Start and end ---------------------------------------------------------------------------------------------------


def test_help_comes_quickly_because_nothing_heavy_is_loaded() -> None:
    code = (
        "import sys; sys.argv = ['photoplay', '--help']\n"
        "from photoplay.cli import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'cv2', 'sqlalchemy', 'dbos', 'fastapi', 'av', 'onnxruntime', 'pydantic'}\n"
        "heavy &= set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Commands" in done.stdout
    assert done.stdout.strip().endswith("HEAVY []")


def test_no_command_shows_help_and_is_wrong_usage() -> None:
    status, output = run()
    assert status == 2
    assert "animate" in output


@pytest.mark.parametrize(
    "arguments", [["fly"], ["animate"], ["serve", "--port", "x"], ["animate", "a", "--duration", "0"]]
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    assert run(*arguments)[0] == 2


@pytest.mark.parametrize(
    ("error", "status"),
    [(UnknownEffect(), 2), (JobNotFound(), 5), (ImageUnreadable(), 7), (RenderTimeout(), 8), (PhotoplayError(), 1)],
)
def test_the_exit_status_tells_the_branch_of_the_error(error: PhotoplayError, status: int) -> None:
    assert exit_code(error) == status


def test_every_branch_has_a_status_of_its_own() -> None:
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)
    assert set(PhotoplayError.__subclasses__()) <= set(EXIT_CODES)


def test_a_wrong_setting_is_one_clear_line(tmp_path: Path) -> None:
    done = run_cli("key", "create", "--data-dir", str(tmp_path), port="ninety")
    assert done.returncode == 11
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "setting port" in done.stderr


def test_a_database_that_fails_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "photoplay.sqlite").write_bytes(b"this is not a database, whatever it is called" * 100)
    done = run_cli("key", "create", "--data-dir", str(tmp_path))
    assert (done.returncode, done.stdout) == (10, "")
    assert done.stderr == "photoplay: the database cannot be used: file is not a database\n"


def test_sizes_are_readable() -> None:
    assert [as_size(size) for size in (999, 150_000, 12_345_678, 3e9)] == ["1.0 kB", "0.1 MB", "12.3 MB", "3.0 GB"]


# Accounts, keys, credits -----------------------------------------------------------------------------------------


def test_key_create_prints_what_every_api_needs(data_dir: Path) -> None:
    done = run_cli(
        "key", "create", "--name", "studio", "--plan", "pro", "--credits", "7", "--json", "--data-dir", str(data_dir)
    )
    assert (done.returncode, done.stderr) == (0, "")
    made = json.loads(done.stdout)
    assert list(made) == [
        "account_id", "api_key", "client_id", "client_secret", "access_key", "secret_key", "webhook_secret",
    ]  # fmt: skip
    assert made["api_key"] == made["client_secret"]
    assert (len(made["api_key"]), len(made["client_id"]), made["webhook_secret"][:6]) == (24, 16, "whsec_")
    status, output = run("credits", "balance", "--account", "studio", "--json", "--data-dir", str(data_dir))
    assert status == 0
    assert json.loads(output) == [
        {"account_id": made["account_id"], "name": "studio", "plan": "pro", "available": 7, "held": 0}
    ]


def test_a_further_key_is_for_the_same_account(data_dir: Path) -> None:
    where = ("--data-dir", str(data_dir))
    first = json.loads(run("key", "create", "--name", "two-keys", "--json", *where)[1])
    second = json.loads(run("key", "create", "--account", "two-keys", "--name", "second", "--json", *where)[1])
    assert first["account_id"] == second["account_id"]
    assert first["api_key"] != second["api_key"]
    keys = json.loads(run("key", "list", "--account", "two-keys", "--json", *where)[1])
    assert [key["name"] for key in keys] == ["default", "second"]
    assert "api_key" not in keys[0]
    assert run("key", "revoke", keys[0]["key_id"], *where)[0] == 0
    keys = json.loads(run("key", "list", "--account", "two-keys", "--json", *where)[1])
    assert [key["revoked_ms"] is None for key in keys] == [False, True]
    assert run("key", "create", "--account", "two-keys", "--plan", "pro", *where)[0] == 2
    assert run("key", "create", "--account", "nobody", *where)[0] == 5
    assert run("key", "revoke", "nothing", *where)[0] == 5


def test_an_unknown_plan_is_refused(data_dir: Path) -> None:
    status, message = run("key", "create", "--plan", "golden", "--data-dir", str(data_dir))
    assert status == 2
    assert "golden" in message


def test_credits_are_granted_shown_and_audited(data_dir: Path) -> None:
    where = ("--data-dir", str(data_dir))
    run("key", "create", "--name", "granted", "--credits", "10", *where)
    status, output = run("credits", "grant", "5", "--account", "granted", "--note", "a gift", *where)
    assert (status, "15 credits" in output) == (0, True)
    assert run("credits", "grant", "0", "--account", "granted", *where)[0] == 2
    assert run("credits", "grant", "5", "--account", "nobody", *where)[0] == 5
    assert run("credits", "audit", *where) == (0, "the books are right\n")


def test_an_account_must_be_named_when_there_are_several(data_dir: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        run("key", "create", "--name", name, "--data-dir", str(data_dir))
    status, message = run("credits", "grant", "5", "--data-dir", str(data_dir))
    assert status == 5
    assert "--account" in message
    status, message = run("credits", "grant", "5", "--data-dir", str(tmp_path))
    assert (status, "photoplay key create" in message) == (5, True)


# Jobs --------------------------------------------------------------------------------------------------------------


def test_jobs_of_an_empty_server(data_dir: Path) -> None:
    where = ("--data-dir", str(data_dir))
    assert json.loads(run("jobs", "list", "--json", *where)[1]) == []
    assert run("jobs", "show", "nothing", *where)[0] == 5
    assert run("jobs", "cancel", "nothing", *where)[0] == 5
    status, message = run("jobs", "list", "--state", "asleep", *where)
    assert (status, "queued" in message) == (2, True)


# Plan, models, doctor ----------------------------------------------------------------------------------------------


def test_plan_says_what_is_understood(data_dir: Path) -> None:
    status, output = run("plan", "slow dolly in, then pan left", "--data-dir", str(data_dir))
    assert status == 0
    assert "dolly in" in output
    assert "pan left" in output
    told = json.loads(run("plan", "slow dolly in", "--json", "--data-dir", str(data_dir))[1])
    assert [move["kind"] for move in told["shot"]["moves"]] == ["dolly"]


def test_a_camera_that_is_not_understood_is_named(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"never read")
    status, output = run("animate", str(photo), "--camera", "zoom in, then wobble", "--data-dir", str(tmp_path))
    assert status == 2
    assert "wobble" in output


def test_plan_refuses_a_photo_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no photo")
    assert run("plan", "zoom in", str(tmp_path / "text.jpg"), "--data-dir", str(tmp_path))[0] == 7
    assert run("plan", "zoom in", str(tmp_path / "missing.jpg"), "--data-dir", str(tmp_path))[0] == 7


def test_effects_are_listed_and_their_previews_made_once(tmp_path: Path) -> None:
    where = ("--data-dir", str(tmp_path))
    told = json.loads(run("effects", "list", "--json", *where)[1])
    assert {"slug": "squish", "code": "squish_89244231312", "name": "Squish"} in told
    assert run("effects", "preview", "nothing", *where)[0] == 2
    status, output = run("effects", "preview", "squish", *where)
    assert (status, "made 1 of 1" in output) == (0, True)
    kept = sorted(path.name for path in (tmp_path / "artifacts" / "effects" / "squish").iterdir())
    assert kept == ["logo.png", "preview.mp4"]
    assert "made 0 of 1" in run("effects", "preview", "squish", *where)[1]


def test_models_lists_the_catalog(tmp_path: Path) -> None:
    where = ("--data-dir", str(tmp_path))
    rows = {row["name"]: row for row in json.loads(run("models", "list", "--json", *where)[1])}
    assert rows["sora-2"]["engine"] == "motion"
    assert rows["sora-2"]["credits"]["1280x720"] == {"4": 16, "8": 32, "12": 48}
    assert rows["motion"]["max_images"] == 7
    status, text = run("models", "list", "--api", "openai", *where)
    assert (status, "sora-2-pro" in text, "AkoolImage" in text) == (0, True, False)
    assert "0.5 to 12 s" in text
    assert "48 to 240 credits" in text
    assert run("models")[1] == run("models", "list", *where)[1]


def test_models_follow_the_operators_catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[models.postcard]\nextends = "motion"\nlabel = "Postcard"\nplan = "pro"\n')
    monkeypatch.setenv("PHOTOPLAY_CATALOG_FILE", str(own))
    text = run("models", "list", "--data-dir", str(tmp_path))[1]
    assert "postcard" in text
    assert "pro plan" in text


def test_models_weights_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOPLAY_MODELS_DIR", str(tmp_path))
    rows = json.loads(run("models", "weights", "--json", "--data-dir", str(tmp_path))[1])
    assert {row["name"] for row in rows} >= {"u2netp", "face_box", "face_mesh", "fastdepth"}
    assert not any(row["here"] for row in rows)
    assert all(row["licence"] for row in rows)
    assert run("models", "pull", "nothing", "--data-dir", str(tmp_path))[0] == 9


def test_doctor_finds_what_is_missing_and_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOPLAY_MODELS_DIR", str(tmp_path / "none"))
    monkeypatch.delenv("PHOTOPLAY_ENGINES", raising=False)
    status, output = run("doctor", "--json", "--data-dir", str(tmp_path))
    told = json.loads(output)
    found = {finding["name"]: finding for finding in told["findings"]}
    assert (status, told["ok"]) == (0, True)  # without weights clips are plainer, but they are made
    assert found["weights u2netp"]["state"] == "degraded"
    assert found["weights u2netp"]["remedy"] == "photoplay models pull u2netp"
    assert found["engine motion"]["state"] == "ok"
    assert found["video"]["state"] == "ok"


def test_doctor_fails_when_an_engine_or_the_database_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTOPLAY_ENGINES", '{"own": "no_such_module:Engine"}')
    (tmp_path / "photoplay.sqlite").write_bytes(b"this is not a database, whatever it is called" * 100)
    status, output = run("doctor", "--json", "--data-dir", str(tmp_path))
    found = {finding["name"]: finding for finding in json.loads(output)["findings"]}
    assert status == 1
    assert found["engine own"]["state"] == "broken"
    assert found["database"]["state"] == "broken"


# Serve -------------------------------------------------------------------------------------------------------------


def test_serve_says_plainly_that_a_port_is_taken(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run_cli("serve", "--port", port, "--data-dir", str(tmp_path))
    assert done.returncode == 11
    assert done.stderr.strip().splitlines() == [
        f"photoplay: cannot listen on 127.0.0.1 port {port}: Address already in use"
    ]


# Animate -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "a photo.jpg"
    path.write_bytes(jpeg())
    return path


def test_animate_makes_a_video_beside_where_it_is_called(photo: Path, tmp_path: Path) -> None:
    home = tmp_path / "here"
    home.mkdir()
    done = run_cli(
        "animate", str(photo), "--prompt", "frames=12", "--seed", "3", "--data-dir", str(tmp_path / "data"),
        cwd=home, engines=TINY,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [path.name for path in home.iterdir()] == ["a photo.mp4"]
    assert "a photo.mp4" in done.stdout
    assert "1.5 s" in done.stdout
    assert "with sound" in done.stdout
    assert "seed 3" in done.stdout
    assert "a tiny clip" in done.stderr  # a remark of the engine


def test_animate_never_overwrites_what_nobody_named(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        path = free_name(tmp_path, "cat")
        path.touch()
        names.append(path.name)
    assert names == ["cat.mp4", "cat-2.mp4", "cat-3.mp4"]


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        (["--resolution", "9000p"], 2, "resolution"),
        (["--aspect-ratio", "7:1"], 2, "aspect-ratio"),
        (["--effect", "nothing"], 2, "nothing"),
        (["--audio", "loud"], 7, "--audio"),
        (["-o", "no/such/folder/out.mp4"], 10, "does not exist"),
        (["-o", "."], 10, "is a folder"),
        (["--prompt", "fail"], 8, "told to fail"),
        (["--prompt", "bad-image"], 7, "no photo"),
    ],
)
def test_animate_says_what_is_wrong(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: list[str], status: int, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHOTOPLAY_ENGINES", TINY)
    ended, message = run("animate", str(photo), "--data-dir", str(tmp_path), *changes)
    assert ended == status, message
    assert words in message
    assert not list(tmp_path.glob("*.mp4"))


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "image"), (b"no photo at all", "image"), (jpeg()[:3000], "image"), (huge_png(), "pixels")],
    ids=["0 bytes", "text", "truncated", "40,000 × 40,000"],
)
def test_animate_refuses_a_photo_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.jpg").write_bytes(data)
    status, message = run("animate", "photo.jpg", "--data-dir", str(tmp_path))
    assert status == 7, message
    assert words in message.lower()
    assert not list(tmp_path.glob("*.mp4"))


def test_a_failure_is_one_line_and_no_trace(photo: Path, tmp_path: Path) -> None:
    done = run_cli("animate", str(photo), "--prompt", "fail", "--data-dir", str(tmp_path), cwd=tmp_path, engines=TINY)
    assert done.returncode == 8
    assert done.stdout == ""
    assert done.stderr.strip().splitlines()[-1] == "photoplay: the tiny engine was told to fail"
    assert "Traceback" not in done.stderr
