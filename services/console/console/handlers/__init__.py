"""What console does on a fact and for somebody who signs in."""

from console.handlers.accounts import SignedIn, create_account, hashed, sign_in, sign_out, signed_in
from console.handlers.facts import SUBSCRIPTIONS

__all__ = ["SUBSCRIPTIONS", "SignedIn", "create_account", "hashed", "sign_in", "sign_out", "signed_in"]
