"""Who is the best for an order at this moment, with the loads that decide. Not here: the filters (`domain.matching`)."""

from dataclasses import replace

from common.states import Party

from dispatch.domain.matching import Choice, Scene, Wanted, choose, rivals
from dispatch.store import Store


async def choose_for(party: Party, wanted: Wanted, scene: Scene, store: Store) -> Choice:
    """Return the choice with its reasons; only rivals have their loads counted."""
    loads = await store.loads(rivals(party, wanted, scene))
    return choose(party, wanted, replace(scene, loads=loads))
