"""Children that do not outlive their parent. Not here: which processes there are (`world.stack`, devstack's `processes`)."""

import shutil
from collections.abc import Sequence

IF_BORN_BY = 'test "$PPID" = "$0" && exec "$@"'  #: asked after the kernel was told: a parent killed before that is not there any more


def dying_with(parent: int, command: Sequence[str]) -> list[str]:
    """`command` so that the kernel kills it with `parent`, who starts it; it does not even begin if the parent is gone by then.

    Start it from the main thread: the kernel ends a child with the thread that made it. Where there is no `setpriv` it lives on.
    """
    guard = ["setpriv", "--pdeathsig", "KILL", "sh", "-c", IF_BORN_BY, str(parent)] if shutil.which("setpriv") else []
    return [*guard, *command]
