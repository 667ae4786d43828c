"""`huiyin token`: the local issuer of staff tokens. An OIDC provider takes its place in production."""

from datetime import timedelta
from typing import Annotated

import typer
from common.auth import PERMISSIONS, Tokens

from huiyin import cli
from huiyin.doors import settings_here, signed
from huiyin.exits import NotHere

INTERNAL = {"service", "call_centre"}
ROLES = tuple(sorted(set(PERMISSIONS) - INTERNAL))


def issue(
    person: Annotated[str, typer.Option(help="Id of the person, as in the site file.")],
    role: Annotated[list[str], typer.Option(help=f"A role; repeat for several. One of: {', '.join(ROLES)}.")],
    site: Annotated[list[str], typer.Option(help="A site the person works for; repeat for several; * for all.")],
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 30, help="How long it is good.")] = 8,
) -> None:
    """Sign a token for a member of staff and print it. Needs HUIYIN_TOKEN_PRIVATE_KEY.

    Example: huiyin token --person jn-li --role receptionist --site JN
    """
    unknown = sorted(set(role) - set(ROLES))
    if unknown:
        raise typer.BadParameter(f"unknown role {', '.join(unknown)}", param_hint="--role")
    cli.out.print(cli.run(_issue(person, tuple(role), tuple(site), timedelta(hours=hours))), markup=False, soft_wrap=True)


async def _issue(person: str, roles: tuple[str, ...], sites: tuple[str, ...], ttl: timedelta) -> str:
    settings = settings_here()
    if settings.token_private_key is None:
        raise NotHere("HUIYIN_TOKEN_PRIVATE_KEY is not set: only who holds the private key can issue tokens")
    return signed(Tokens(settings), person, roles, sites, ttl)
