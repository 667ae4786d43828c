"""What is forgotten, and when: answers kept under idempotency keys, a week after they were given (reliability.md 3.1). Machine time.

Not here: cases, contacts and fact logs, which stay (docs/limits.md).
"""

from datetime import timedelta
from typing import Any

import structlog

from common.loop import Loop, my_turn
from common.runtime import Runtime

log = structlog.get_logger()
JOB = "forget_answers"
PAUSE = timedelta(hours=1)


async def forget_answers(rt: Runtime[Any]) -> int:
    """Delete the answers whose time is over; return how many. A key that comes again after that is a new request."""
    gone = await rt.documents.delete("requests", {"expires_at": {"$lt": await rt.documents.machine_now()}})
    if gone:
        log.info("answers_forgotten", count=gone)
    return gone


async def _leased(rt: Runtime[Any]) -> int:
    if await my_turn(rt, JOB, PAUSE):
        await forget_answers(rt)
    return 0


LOOP = Loop(JOB, _leased, every=timedelta(minutes=1))
