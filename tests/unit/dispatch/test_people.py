"""People, rota and contractors in versions; their contacts sealed, never said."""

from typing import Any

import pytest
from common.documents import Doc
from common.errors import Invalid
from dispatch import handlers

from tests.unit.dispatch.build import PEOPLE, ROTA
from tests.unit.dispatch.world import World, as_site

pytestmark = pytest.mark.anyio


def everything(docs: list[Doc]) -> str:
    return "".join(map(str, docs))


async def test_people_are_published_without_a_name_and_sealed_at_rest() -> None:
    world = World()
    staffing = await world.command(handlers.put_people, as_site())
    (made,) = await world.said()
    assert (staffing.version, made.kind, made.subject, made.data["version"]) == (1, "rota.published", "JN", 1)
    kept = [doc for name in ("staffing", "staffing_log", "contacts", "outbox") for doc in await world.db.find(name)]
    for personal in ("名字", "某公司", "0009", "example.com"):
        assert personal not in everything(kept)


async def test_the_same_people_are_the_same_version_new_ones_the_next(world: World) -> None:
    assert (await world.command(handlers.put_people, as_site())).version == 1
    assert await world.said() == []
    assert (await world.command(handlers.put_people, as_site(PEOPLE[:6], rota={}))).version == 2
    assert await world.db.count("staffing_log") == 2


async def test_contacts_are_found_and_those_who_leave_are_forgotten(world: World) -> None:
    async def contact(person: str) -> Any:
        return await world.within(lambda store: store.contact(person))

    site, ann = await contact("ann")
    assert (site, ann.name, ann.phone, ann.email) == ("JN", "名字ann", "+86 000 0009 0001", "ann@example.com")
    assert (await contact("lift-co"))[1].phone is None
    await world.command(handlers.put_people, as_site(PEOPLE[2:], rota={}, contractors=[]))
    assert await contact("ann") is None
    assert await contact("lift-co") is None
    assert (await contact("bob"))[1].name == "名字bob"


async def test_the_zone_of_the_policy_is_the_rotas_unless_it_says_its_own(world: World) -> None:
    there = await world.command(handlers.put_people, as_site(rota=ROTA | {"zone": "America/New_York"}))
    assert there.rota.zone == "America/New_York"
    assert (await world.command(handlers.put_people, as_site())).rota.zone == "Asia/Shanghai"


async def test_a_rota_that_contradicts_its_people_is_refused_whole(world: World) -> None:
    rota = ROTA | {"assignments": [{"shift": "day", "people": ["ghost"]}]}
    with pytest.raises(Invalid) as caught:
        await world.command(handlers.put_people, as_site(rota=rota))
    assert "ghost" in str(caught.value)
    assert await world.said() == []
