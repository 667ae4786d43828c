"""`huiyin pack`: policy packs as files."""

import typer

from huiyin.infer.command import infer

app = typer.Typer(help="Policy packs.", no_args_is_help=True)


@app.callback()
def pack() -> None:
    """Policy packs."""


app.command("infer")(infer)
