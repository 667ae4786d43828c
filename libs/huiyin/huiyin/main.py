"""`huiyin`: the operator's command line. The verbs are the two tables below; docs/commands.md is tested against them.

Not here: what a verb does (a module each), how commands end (`exits`, `cli`).
"""

from collections.abc import Callable
from typing import Any

import typer

from huiyin import account, audit, calendars, cases, demo, fixes, keys, majeure, packs, parked, provider, reconcile, scenario, site, token, who, why
from huiyin.replay.command import replay
from huiyin.routing import command as routing

app = typer.Typer(
    name="huiyin",
    help="Huiyin 回音: 件件有着落,事事有回音。 The operator's command line. `./dev huiyin …` runs it against the local system.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

GROUPS: dict[str, typer.Typer] = {
    "key": keys.app,
    "site": site.app,
    "account": account.app,
    "audit": audit.app,
    "calendar": calendars.app,
    "case": cases.app,
    "majeure": majeure.app,
    "pack": packs.app,
    "parked": parked.app,
    "routing": routing.app,
    "scenario": scenario.app,
}  #: noun -> its verbs

COMMANDS: dict[str, Callable[..., Any]] = {
    "who": who.who,
    "fixes": fixes.fixes,
    "token": token.issue,
    "why": why.why,
    "reconcile": reconcile.reconcile,
    "replay": replay,
    "demo": demo.demo,
    "provider": provider.command,
}  #: verbs that need no noun

for _name, _group in GROUPS.items():
    app.add_typer(_group, name=_name)
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)


def verbs() -> dict[str, str]:
    """Return every verb with the first line of its help, e.g. `key create`."""
    found = {}
    for noun, group in GROUPS.items():
        for command in group.registered_commands:
            found[f"{noun} {command.name}"] = _first_line(command.callback)
    return found | {name: _first_line(command) for name, command in COMMANDS.items()}


def _first_line(command: Callable[..., Any] | None) -> str:
    return (command.__doc__ or "").strip().splitlines()[0] if command else ""
