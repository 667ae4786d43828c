"""The verbs of stories: which public door each one knocks at. A table, so that a new door is one line here.

Not here: who knocks (`huiyin.world.actors`) and when (`run`).
"""

from dataclasses import dataclass
from typing import Literal

On = Literal["site", "case", "order"]


@dataclass(frozen=True)
class Verb:
    """One door: service, method, path and the thing it is about. `time_field` takes `happened`."""

    service: str
    method: str
    path: str
    on: On
    says: str
    makes_case: bool = False
    time_field: str = "at"


def _case(move: str, says: str) -> Verb:
    return Verb("intake", "POST", f"/v1/cases/{{number}}/{move}", "case", says)


def _order(move: str, says: str) -> Verb:
    return Verb("dispatch", "POST", f"/v1/work-orders/{{number}}/{move}", "order", says)


def _settlement(move: str, says: str) -> Verb:
    return Verb("dispatch", "POST", f"/v1/settlements/{{number}}/{move}", "order", says)


VERBS: dict[str, Verb] = {
    "report": Verb("intake", "POST", "/v1/cases", "site", "a request comes in and becomes a case", makes_case=True, time_field="received_at"),
    "classify": _case("classify", "set kind, category, urgency"),
    "respond": _case("respond", "start the response, contact the department"),
    "record-plan": _case("record-plan", "record the plan and on how many days it works"),
    "tell-progress": _case("tell-progress", "tell the owners how it goes"),
    "restore": _case("restore", "water or power is back"),
    "notify-departments": _case("notify-departments", "notify the departments that are concerned, each by a notice"),
    "answer-department": _case("answer-department", "a department reports back"),
    "decide-measures": _case("decide-measures", "decide the corrective measures"),
    "tell-test-result": _case("tell-test-result", "tell the owner the test result and the corrective plan"),
    "hold-tripartite": _case("hold-tripartite", "both parties and the company talk"),
    "report-result": _case("report-result", "report upward how the case stands"),
    "link": _case("link", "join the case to an incident that is still open"),
    "split": _case("split", "take the case out of its incident"),
    "request-work": _case("request-work", "ask a department or a contractor to work on it"),
    "reply": _case("reply", "answer the reporter: final, or interim with the next time"),
    "promise": _case("promise", "promise something by a time"),
    "keep-promise": _case("keep-promise", "record that a promise was kept"),
    "record-result": _case("record-result", "record the result of a complaint"),
    "tell-result": _case("tell-result", "tell the owner the result, in these forms"),
    "visit": _case("visit", "return visit"),
    "check-visit": _case("check-visit", "the record of a visit is checked"),
    "sign-visit": _case("sign-visit", "a checked visit is signed with an opinion"),
    "waive-visit": _case("waive-visit", "no return visit is possible"),
    "close": _case("close", "close the case"),
    "transfer": _case("transfer", "first-contact ownership moves to another person"),
    "accept": _order("accept", "sign for the order"),
    "arrive": _order("arrive", "on site; `reason` excuses a late arrival"),
    "assess": _order("assess", "what it is, seen on site"),
    "check": _order("check", "tick off what was done about a major incident"),
    "survey": _order("survey", "the joint survey's sheet is signed"),
    "class": _order("class", "who bears the cost of surveyed work"),
    "start": _order("start", "work begins, or goes on"),
    "leave": _order("leave", "the shift ends before the work"),
    "complete": _order("complete", "the work is done"),
    "sign": _order("sign", "the customer signs"),
    "refuse-sign": _order("refuse-sign", "the customer does not sign"),
    "accept-work": _order("accept-work", "a party accepts the finished work"),
    "recheck": _order("recheck", "the second inspector looked at work that came again"),
    "name-second": _order("name-second", "a lead names another second inspector"),
    "return": _order("return", "the order goes back to the desk"),
    "inspect": _order("inspect", "engineering passes a contractor's work"),
    "cancel": _order("cancel", "end an order that nobody worked on, with the reason"),
    "take-over": _order("take-over", "own engineering steps in for a contractor who did not come"),
    "chase": _order("chase", "urge the contractor"),
    "explain": _order("explain", "tell the owner why the contractor lets them wait"),
    "excuse": _order("excuse", "record the special reason of something late"),
    "quote": _order("quote", "tell the owner what it will cost"),
    "confirm-fee": _order("confirm-fee", "the owner agrees to the fee"),
    "refuse-fee": _order("refuse-fee", "the owner does not agree; the order ends"),
    "collect": _order("collect", "the worker takes the owner's money"),
    "take-money": _order("take-money", "the money is at finance, which writes the receipt"),
    "file-receipt": _order("file-receipt", "the receipt is at the desk"),
    "ask-approval": _order("ask-approval", "put an estimate up for approval"),
    "approve": _order("approve", "the role of the band says yes"),
    "decline": _order("decline", "the role of the band says no, with the reason"),
    "submit-account": _order("settlement", "the repair team's final account"),
    "correct-account": _settlement("correct", "the team corrects its final account"),
    "review-account": _settlement("review", "the final account is reviewed"),
    "confirm-account": _settlement("confirm", "the contractor confirms what it bears"),
    "certify": _settlement("certify", "the settlement is certified"),
    "pay": _settlement("pay", "finance pays the settlement"),
    "review-deduction": _settlement("review-deduction", "audit reviews a deduction"),
    "deduct": _settlement("deduct", "it is taken from the contractor's retention money"),
    "extend": Verb("sla", "POST", "/v1/clocks/order:{number}:{clock}:1/extend", "order", "a later day for a `clock`, with the consent"),
    "hold-retention": Verb("dispatch", "POST", "/v1/sites/{site}/retention/{contractor}/hold", "site", "money of a `contractor` is held"),
    "hand-over-slips": Verb("dispatch", "POST", "/v1/sites/{site}/slips", "site", "the week's repaired slips go to customer service"),
    "publish-calendar": Verb("sla", "PUT", "/v1/calendars/{calendar}/{year}", "site", "publish the days off of a `year` of the site's calendar"),
}  #: verb -> door
