"""Waiting in tests: ask until it is so, at most a bound; never sleep and hope."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(ask: Callable[[], Awaitable[T]], wanted: T, *, seconds: float = 15.0) -> None:
    """Return when `ask()` gives `wanted`; fail with the last answer otherwise."""
    last: object = None
    try:
        async with asyncio.timeout(seconds):
            while (last := await ask()) != wanted:  # noqa: ASYNC110 - other processes
                await asyncio.sleep(0.02)
    except TimeoutError:
        msg = f"after {seconds} s still {last!r} instead of {wanted!r}"
        raise AssertionError(msg) from None
