"""How a command ends: exit codes and the errors that lead to them. An expected error is one sentence, never a traceback.

0 done · 1 failed · 2 wrong usage (typer) · 3 something needed is not there · 4 the input had bad rows · 130 interrupted.
"""

from typing import ClassVar


class Ends(Exception):
    """The command ends here with a sentence for a person."""

    code: ClassVar[int] = 1


class Failed(Ends):
    """It was tried and did not succeed."""

    code = 1


class NotHere(Ends):
    """A server, a file or a setting that is needed is not there."""

    code = 3


class BadInput(Ends):
    """The input cannot be used, or some rows of it."""

    code = 4
