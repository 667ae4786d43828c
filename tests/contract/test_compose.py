"""Compose file and Dockerfile, checked without an engine: schema, images, commands, variables, files. Not here: whether they run."""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from common.settings import Settings
from devstack import envfile
from devstack.locks import images
from devstack.paths import REPOSITORY, SERVICES

COMPOSE = REPOSITORY / "docker-compose.yml"
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
PARTS: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
OURS = {name: part for name, part in PARTS.items() if str(part["image"]).startswith("huiyin-")}
THEIRS = {name: part for name, part in PARTS.items() if name not in OURS}
PROGRAMS = {  # of the images that are not ours
    "rabbitmq": {"rabbitmq-diagnostics"},
    "mongodb": {"mongod", "mongosh"},
    "mail": {"/mailpit"},
}
VARIABLE = re.compile(r"\$\{([A-Z_]+)")


def said(text: str) -> dict[str, str]:
    """Variables of an environment file, commented or not, with their values."""
    return dict(re.findall(r"^#? ?([A-Z_]+)=(.*)$", text, re.MULTILINE))


EXAMPLE = said((REPOSITORY / ".env.example").read_text())


def test_the_file_keeps_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", THEIRS)
def test_images_are_pinned_by_minor_version(name: str) -> None:
    assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+", THEIRS[name]["image"])


def test_broker_and_database_are_the_target_versions() -> None:
    assert PARTS["rabbitmq"]["image"].startswith("rabbitmq:4.")
    assert PARTS["mongodb"]["image"] == "mongo:8.0"


@pytest.mark.parametrize("name", THEIRS)
def test_programs_of_foreign_images_are_known_ones(name: str) -> None:
    test = THEIRS[name]["healthcheck"]["test"]
    used = {test[1], *THEIRS[name].get("command", ())[:1]}
    assert test[0] == "CMD"
    assert used <= PROGRAMS[name]


def test_every_service_has_its_part_its_image_and_its_lock() -> None:
    assert set(SERVICES) <= set(OURS)
    for name in SERVICES:
        assert OURS[name]["build"]["args"]["SERVICE"] == name
        assert (REPOSITORY / "services" / name / "requirements.lock").exists()
        assert importlib.util.find_spec(f"{name}.main"), f"{name}.main:create_app is what the image starts"
    assert {path.name for path in images().values()} == {*SERVICES, "huiyin"}


@pytest.mark.parametrize("name", [name for name, part in OURS.items() if "command" in part])
def test_commands_of_our_images_exist(name: str) -> None:
    program, *words = OURS[name]["command"]
    if program == "python":
        assert words[0] == "-m"
        assert importlib.util.find_spec(words[1])
    else:
        project = tomllib.loads((REPOSITORY / "libs/huiyin/pyproject.toml").read_text())["project"]
        assert program in project["scripts"]
        assert words[0] in {"demo", "provider"}


def test_uvicorn_is_in_every_subset() -> None:
    for folder in images().values():
        assert "\nuvicorn==" in (folder / "requirements.lock").read_text()


def test_the_front_is_the_console() -> None:
    assert [name for name, part in OURS.items() if "ports" in part] == ["console"]


def test_plain_up_starts_all_but_the_demo() -> None:
    assert {name for name, part in PARTS.items() if "profiles" in part} == {"demo"}


def test_services_wait_for_healthy_servers() -> None:
    for name in SERVICES:
        assert {part: wait["condition"] for part, wait in OURS[name]["depends_on"].items()} == {
            "keys": "service_completed_successfully",
            "rabbitmq": "service_healthy",
            "mongodb": "service_healthy",
        }


def test_the_environment_of_the_services_is_that_of_the_settings() -> None:
    known = {f"HUIYIN_{name.upper()}" for name in Settings.model_fields}
    for name in SERVICES:
        assert set(OURS[name]["environment"]) <= known
        assert {key for key in known if key.endswith("_URL")} <= set(OURS[name]["environment"])


def test_every_variable_is_explained() -> None:
    assert set(VARIABLE.findall(COMPOSE.read_text())) <= set(EXAMPLE)
    assert set(envfile.COMPOSE) <= set(VARIABLE.findall(COMPOSE.read_text()))


def test_defaults_in_the_compose_file_are_those_explained() -> None:
    for name, default in re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", COMPOSE.read_text()):
        if name in envfile.COMPOSE:
            assert EXAMPLE[name] == default


def test_the_example_is_made_from_the_settings() -> None:
    assert (REPOSITORY / ".env.example").read_text() == envfile.text(), "python -m devstack.envfile makes it again"


def test_no_secret_has_a_value_in_the_example() -> None:
    assert {name for name, value in EXAMPLE.items() if not value} >= {f"HUIYIN_{name}" for name in ("CONTACT_KEYS", "BLIND_KEY", "KEY_PEPPER")}


def test_the_image_runs_as_nobody_special_and_says_how_it_is() -> None:
    final = DOCKERFILE.split("\nFROM ")[-1]
    assert "\nUSER huiyin\n" in final
    assert final.index("\nUSER huiyin\n") < final.index("\nENTRYPOINT ")
    assert "/readyz" in final
    assert "--timeout-graceful-shutdown" in final
    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.11-slim-\w+$", DOCKERFILE, re.MULTILINE)


def test_what_the_image_copies_is_there_and_sent_to_the_engine() -> None:
    sent = {line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--)(\S+)", DOCKERFILE, re.MULTILINE)
    assert copied
    for path in copied:
        assert (REPOSITORY / path).exists()
        assert path in sent


def test_the_image_installs_what_the_check_of_each_service_alone_installs() -> None:
    assert '--require-hashes -r "$own/requirements.lock"' in DOCKERFILE
    assert "--no-deps --no-sources $paths" in DOCKERFILE


@pytest.mark.parametrize("command", re.findall(r"^RUN (.*(?:\\\n.*)*)", DOCKERFILE, re.MULTILINE))
def test_every_command_of_the_build_is_a_shell_command(command: str) -> None:
    subprocess.run(["sh", "-n", "-c", command], check=True)


def start_script() -> str:
    """The entry point of the images, as it stands in the Dockerfile."""
    found = re.search(r"<<'START' \S+\n(.*?)^START$", DOCKERFILE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize(("given", "seen"), [({}, "made"), ({"HUIYIN_BLIND_KEY": ""}, "made"), ({"HUIYIN_BLIND_KEY": "given"}, "given")])
def test_secrets_come_from_the_file_unless_they_are_given(tmp_path: Path, given: dict[str, str], seen: str) -> None:
    (tmp_path / "keys.env").write_text("HUIYIN_BLIND_KEY='made'\nHUIYIN_TOKEN_PUBLIC_KEY='-----BEGIN\\nx y-----'\n")
    command = ["sh", "-c", start_script(), "start", "sh", "-c", 'printf "%s|%s" "$HUIYIN_BLIND_KEY" "$HUIYIN_TOKEN_PUBLIC_KEY"']
    environment = {"PATH": os.environ["PATH"], "HUIYIN_KEYS_FILE": str(tmp_path / "keys.env"), **given}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"{seen}|-----BEGIN\\nx y-----"
