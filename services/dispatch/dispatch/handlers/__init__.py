"""What dispatch does on a fact (`facts`, `issuing`) and on a command (`orders`, `slips`, `people`): load, decide, save.

Not here: the decisions (`domain`), HTTP (`api`), the driver.
"""

from dispatch.handlers.contractors import take_over
from dispatch.handlers.facts import SUBSCRIPTIONS
from dispatch.handlers.orders import attach, move, outside, visible
from dispatch.handlers.people import put_people
from dispatch.handlers.slips import hand_over

__all__ = ["SUBSCRIPTIONS", "attach", "hand_over", "move", "outside", "put_people", "take_over", "visible"]
