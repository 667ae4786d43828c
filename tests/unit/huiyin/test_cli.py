"""How commands end: one sentence and the right code, never a traceback."""

import shutil
from pathlib import Path

import pytest
from common.auth import Tokens
from huiyin.main import app
from typer.testing import CliRunner, Result

from tests.support.settings import secrets, settings

RUN = CliRunner()
PACKS = Path(__file__).parents[3] / "packs"


@pytest.fixture
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in secrets().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def _nobody(monkeypatch: pytest.MonkeyPatch, _secrets: None) -> None:
    for service in ("INTAKE", "DISPATCH", "SLA", "NOTIFY", "CONSOLE"):
        monkeypatch.setenv(f"HUIYIN_{service}_URL", "http://127.0.0.1:9")


def _ended(told: Result, code: int, said: str) -> None:
    assert told.exit_code == code, told.output
    assert said in told.stderr
    assert "Traceback" not in told.output


def test_missing_settings_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in secrets():
        monkeypatch.delenv(name, raising=False)
    _ended(RUN.invoke(app, ["key", "list"]), 3, "HUIYIN_KEY_PEPPER")


@pytest.mark.usefixtures("_nobody")
@pytest.mark.parametrize(
    "command",
    [
        ["key", "list"],
        ["parked", "list"],
        ["reconcile"],
        ["case", "show", "JN-260314-7K3QX"],
        ["why", "JN-260314-7K3QX"],
        ["calendar", "moved", "CN"],
    ],
)
def test_a_service_that_is_not_there_is_named(command: list[str]) -> None:
    _ended(RUN.invoke(app, command), 3, "does not answer at http://127.0.0.1:9")


def test_wrong_usage_is_2() -> None:
    assert RUN.invoke(app, ["fly"]).exit_code == 2
    assert RUN.invoke(app, ["parked", "redrive"]).exit_code == 2
    assert RUN.invoke(app, ["token", "--person", "a", "--role", "king", "--site", "JN"]).exit_code == 2
    assert RUN.invoke(app, ["parked", "list", "--service", "nobody"]).exit_code == 2


def test_a_bad_site_file_is_4_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "sites" / "QQ.yaml"
    file.parent.mkdir()
    file.write_text("site: QQ\nname: {zh: q, en: q}\nbase: nowhere\n", encoding="utf-8")
    _ended(RUN.invoke(app, ["site", "apply", str(file), "--dry-run"]), 4, "nowhere.yaml:1")


def test_a_site_with_people_who_do_not_exist_is_4(tmp_path: Path) -> None:
    packs = shutil.copytree(PACKS, tmp_path / "packs")
    file = packs / "sites" / "JN.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("people: [jn-wang]", "people: [jn-nobody]"), encoding="utf-8")
    _ended(RUN.invoke(app, ["site", "apply", str(file), "--dry-run"]), 4, "jn-nobody")


def test_dry_run_shows_the_site_and_needs_no_system() -> None:
    told = RUN.invoke(app, ["site", "apply", str(PACKS / "sites" / "JN.yaml"), "--dry-run"])
    assert told.exit_code == 0
    assert "pack-s0@1" in told.stdout
    assert "nothing was changed" in told.stderr


@pytest.mark.usefixtures("_secrets")
def test_a_token_is_printed_alone_on_stdout() -> None:
    told = RUN.invoke(app, ["token", "--person", "jn-li", "--role", "receptionist", "--site", "JN", "--site", "XZ"])
    caller = Tokens(settings()).check(told.stdout.strip())
    assert (caller.id, caller.kind, caller.roles, caller.sites) == ("jn-li", "staff", ("receptionist",), ("JN", "XZ"))


def test_a_story_that_is_none_is_4(tmp_path: Path) -> None:
    file = tmp_path / "story.yaml"
    file.write_text("scenario: A\ntitle: [\n", encoding="utf-8")
    _ended(RUN.invoke(app, ["scenario", "run", str(file)]), 4, "story.yaml:3")


def test_the_stack_world_without_servers_is_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYIN_MONGO_URL", "mongodb://127.0.0.1:9/?replicaSet=rs0&serverSelectionTimeoutMS=200")
    monkeypatch.setenv("HUIYIN_AMQP_URL", "amqp://guest:guest@127.0.0.1:9/")
    story = Path(__file__).parents[2] / "scenarios" / "sc-10.yaml"
    _ended(RUN.invoke(app, ["scenario", "run", str(story), "--world", "stack"]), 3, "HUIYIN_AMQP_URL and HUIYIN_MONGO_URL")


def test_an_address_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYIN_MONGO_URL", "mongodb://")
    story = Path(__file__).parents[2] / "scenarios" / "sc-10.yaml"
    _ended(RUN.invoke(app, ["scenario", "run", str(story), "--world", "stack"]), 3, "HUIYIN_MONGO_URL must be mongodb://")


@pytest.mark.parametrize("command", [["scenario", "run", "FILE", "--json"], ["replay", "FILE", "--world", "memory", "--out"]])
def test_a_result_that_cannot_be_written_is_said_before_the_work(command: list[str], tmp_path: Path) -> None:
    story = str(PACKS.parent / "tests" / "scenarios" / "sc-10.yaml")
    rows = tmp_path / "rows.csv"
    rows.write_text("request_id,created_at,closed_at,site,sla_target_at\nA,2011-07-01T08:00:00-04:00,,North,\n", encoding="utf-8")
    words = [{"FILE": story if command[0] == "scenario" else str(rows)}.get(word, word) for word in command]
    _ended(RUN.invoke(app, [*words, str(tmp_path / "no" / "folder" / "out")]), 4, "cannot be written")


@pytest.mark.usefixtures("_secrets")
def test_a_key_that_signs_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYIN_TOKEN_PRIVATE_KEY", "not a key")
    _ended(RUN.invoke(app, ["token", "--person", "jn-li", "--role", "receptionist", "--site", "JN"]), 3, "HUIYIN_TOKEN_PRIVATE_KEY")
    _ended(RUN.invoke(app, ["key", "list"]), 3, "HUIYIN_TOKEN_PRIVATE_KEY")


@pytest.mark.usefixtures("_nobody")
def test_the_demo_without_a_store_is_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYIN_TIME", "shared")
    monkeypatch.setenv("HUIYIN_MONGO_URL", "mongodb://127.0.0.1:9/?replicaSet=rs0&serverSelectionTimeoutMS=200")
    _ended(RUN.invoke(app, ["demo"]), 3, "store-away")
    monkeypatch.setenv("HUIYIN_TIME", "system")
    _ended(RUN.invoke(app, ["demo"]), 3, "HUIYIN_TIME=shared")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("calendar: CN\nyear: 2027\noff: [2027-01-01, gestern]\n", ":3: off.1:"),
        ("calendar: CN\nyear: 2027\noff: []\nholidays: []\n", ":4: holidays:"),
        ("calendar: CN\ncalendar: CN\n", ":2: calendar: is there twice"),
    ],
)
@pytest.mark.usefixtures("_nobody")
def test_a_year_file_that_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "CN-2027.yaml"
    file.write_text(text, encoding="utf-8")
    _ended(RUN.invoke(app, ["calendar", "publish", str(file)]), 4, said)
