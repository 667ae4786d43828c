"""`huiyin pack`: policy packs as files."""

import typer

from huiyin.infer.command import infer
from huiyin.pack import verbs
from huiyin.pack_publish import list_changes, publish, rollback
from huiyin.what_if import what_if

app = typer.Typer(help="Policy packs.", no_args_is_help=True)


@app.callback()
def pack() -> None:
    """Policy packs."""


app.command("lint")(verbs.lint)
app.command("show")(verbs.show)
app.command("diff")(verbs.diff)
app.command("explain")(verbs.explain)
app.command("schema")(verbs.schema)
app.command("infer")(infer)
app.command("publish")(publish)
app.command("changes")(list_changes)
app.command("rollback")(rollback)
app.command("what-if")(what_if)
