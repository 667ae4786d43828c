"""`huiyin account`: sign-in accounts of staff for the web pages."""

import os
import sys
from typing import Annotated

import typer

from huiyin import cli
from huiyin.doors import open_doors
from huiyin.exits import NotHere
from huiyin.token import ROLES

app = typer.Typer(help="Accounts of staff for the web pages.", no_args_is_help=True)
PASSWORD = "HUIYIN_PASSWORD"  # noqa: S105 - the name of the variable, not a password


@app.callback()
def group() -> None:
    """Accounts of staff for the web pages."""


@app.command("create")
def create(
    login: Annotated[str, typer.Option(help="Name to sign in with; no e-mail address.")],
    person: Annotated[str, typer.Option(help="Id of the person, as in the site file.")],
    role: Annotated[list[str], typer.Option(help=f"A role; repeat for several. One of: {', '.join(ROLES)}.")],
    site: Annotated[list[str], typer.Option(help="A site; repeat for several; * for all.")],
    locale: Annotated[str | None, typer.Option(help="zh-CN or en; without it the browser's.")] = None,
) -> None:
    """Create an account. The password is asked for, or read from HUIYIN_PASSWORD; it is never an argument.

    Example: huiyin account create --login li --person jn-li --role receptionist --site JN
    """
    body: dict[str, object] = {"login": login, "password": _password(), "person": person, "roles": role, "sites": site, "locale": locale}
    cli.run(create_account(body))
    cli.err.print(f"account {login} for {person}: sign in with the password just given")


async def create_account(body: dict[str, object]) -> None:
    """Create it. Raises Failed with the problem, e.g. for a login in use."""
    async with open_doors() as doors:
        await doors.surely("console", "POST", "/v1/accounts", body=body)


def _password() -> str:
    given = os.environ.get(PASSWORD)
    if given:
        return given
    if not sys.stdin.isatty():
        cli.err.print(f"huiyin: no terminal to ask on: set {PASSWORD}", markup=False)
        raise typer.Exit(NotHere.code)
    return str(typer.prompt("Password (at least 10 characters)", hide_input=True, confirmation_prompt=True, err=True))
