"""`python -m huiyin`."""

from huiyin.main import app

app(prog_name="huiyin")
