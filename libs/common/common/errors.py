"""Every named error, its HTTP status and its fate when it happens to a message.

HuiyinError > NotFound, UnknownSite; Conflict > IllegalMove, Refused, KeyReused, KeyBusy, Stale,
TooManyAttachments, AttachmentUsed; NotAPicture, PictureTooLarge, UnsupportedMedia > PictureNeeded; Invalid > TimeInFuture, TimeOrder, BadBody;
Unauthorized, Forbidden; Missing (a fact came before what it is about); Transient >
StoreAway, BrokerAway, TimeAway, PeerAway, OutcomeUnknown, Degraded;
Taken (unique key); PeerRefused. Rendering as RFC 9457 is `web`'s, retrying and parking are `inbox`'s and `messaging`'s.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

TYPE_BASE = "urn:huiyin:problem:"  #: problem types are stable and never translated


@dataclass(frozen=True)
class Text:
    """A sentence for people, in both languages of the product."""

    zh: str
    en: str

    def in_(self, locale: str) -> str:
        """Return the sentence in `locale` (anything but `en*` is Chinese)."""
        return self.en if locale.lower().startswith("en") else self.zh


class Fate(StrEnum):
    """What becomes of a message whose handling failed."""

    DONE = "done"  #: nothing to do: mark it handled
    AGAIN = "again"  #: the world may recover: try later, at most eight times
    PARK = "park"  #: it will never work: park it for a person
    WAIT = "wait"  #: it came too early: keep it until its subject is known


class HuiyinError(Exception):
    """A broken rule with its facts. Extra keyword arguments become members of the problem document: never personal data."""

    slug: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    fate: ClassVar[Fate] = Fate.PARK
    title: ClassVar[Text] = Text("内部错误", "Internal error")

    def __init__(self, detail: Text | None = None, **facts: Any) -> None:
        """Keep the sentence that explains this case of the error, and its public facts."""
        super().__init__(detail.en if detail else self.title.en)
        self.detail = detail
        self.facts = facts

    def problem(self, locale: str) -> dict[str, Any]:
        """Return the RFC 9457 document without trace id: `type` is stable, `title` and `detail` follow the language."""
        document: dict[str, Any] = {"type": TYPE_BASE + self.slug, "title": self.title.in_(locale), "status": self.status}
        if self.detail:
            document["detail"] = self.detail.in_(locale)
        return document | self.facts


class NotFound(HuiyinError):
    """Missing, or of a site the caller may not see: both look the same (OWASP API1)."""

    slug, status, fate, title = "not-found", 404, Fate.PARK, Text("未找到", "Not found")


class UnknownSite(HuiyinError):
    """No policy is published for this site, or the caller may not see it."""

    slug, status, fate, title = "unknown-site", 404, Fate.PARK, Text("未知项目(小区)", "Unknown site")


class Conflict(HuiyinError):
    """The request contradicts the present state."""

    slug, status, fate, title = "conflict", 409, Fate.PARK, Text("与当前状态冲突", "Conflicts with the present state")


class IllegalMove(Conflict):
    """The state machine has no such move from here."""

    slug, title = "illegal-move", Text("当前状态不允许此操作", "This move is not possible in the present state")

    def __init__(self, move: str, here: str) -> None:
        """Name the move and the state it was tried in."""
        super().__init__(Text(f"状态“{here}”下不能执行“{move}”", f"cannot {move} while {here}"), move=move, state=here)


class OrderTaken(IllegalMove):
    """Several wanted one order and another was first."""

    slug, title = "order-taken", Text("工单已被他人接走", "Somebody else has taken this order")


class Refused(Conflict):
    """A guard of the business refuses the move; `guard` is its id in the requirements."""

    slug, title = "guard-refused", Text("规则不允许", "A rule refuses this")

    def __init__(self, guard: str, zh: str, en: str, **facts: Any) -> None:
        """Name the guard (for example K15) and say in both languages why."""
        super().__init__(Text(zh, en), guard=guard, **facts)


class KeyReused(HuiyinError):
    """The same Idempotency-Key came with another body."""

    slug, status, title = "idempotency-key-reused", 422, Text("幂等键已用于不同内容", "The Idempotency-Key was used for another request")


class KeyMissing(HuiyinError):
    """This route needs an Idempotency-Key."""

    slug, status, title = "idempotency-key-missing", 400, Text("缺少 Idempotency-Key", "The Idempotency-Key header is missing")


class Stale(Conflict):
    """Somebody else changed it first."""

    slug, fate, title = "stale", Fate.AGAIN, Text("数据已被他人更新", "Somebody else changed it first")


class Invalid(HuiyinError):
    """A field is wrong; `errors` names each."""

    slug, status, title = "invalid", 422, Text("内容不符合要求", "The content is not valid")

    def __init__(self, field: str, zh: str, en: str, **facts: Any) -> None:
        """Name one field by its path, for example `reporter.phone`."""
        super().__init__(Text(zh, en), errors=[{"field": field, "reason": en, "reason_zh": zh}], **facts)


class FieldsMissing(HuiyinError):
    """Fields that this site's policy requires are missing (INT-09, INT-10)."""

    slug, status, title = "fields-missing", 422, Text("缺少必填内容", "Required fields are missing")

    def __init__(self, fields: list[str]) -> None:
        """Name each missing field."""
        names = ", ".join(fields)
        reason = {"reason": "required by the site's policy", "reason_zh": "本项目规定必填"}
        super().__init__(Text(f"缺少:{names}", f"missing: {names}"), errors=[{"field": field} | reason for field in fields])


class TimeInFuture(Invalid):
    """A fact cannot have happened after now."""

    slug = "time-in-future"

    def __init__(self, field: str = "at") -> None:
        """Name the field that holds the time."""
        super().__init__(field, "时间不能晚于现在", "must not be later than now")


class TimeOrder(Invalid):
    """A fact cannot have happened before the one it follows."""

    slug = "time-order"

    def __init__(self, field: str = "at") -> None:
        """Name the field that holds the time."""
        super().__init__(field, "时间不能早于上一步", "must not be earlier than the step before")


class Unauthorized(HuiyinError):
    """No credential, or one that is wrong, expired, revoked or not yet valid."""

    slug, status, title = "unauthorized", 401, Text("未通过身份验证", "Not authenticated")


class Forbidden(HuiyinError):
    """The credential is good but does not permit this."""

    slug, status, title = "forbidden", 403, Text("无此权限", "Not permitted")


class TooManyRequests(HuiyinError):
    """The caller is over its share."""

    slug, status, title = "too-many-requests", 429, Text("请求过于频繁", "Too many requests")


class BadBody(HuiyinError):
    """The body is not what the route reads: not UTF-8 JSON, too deep, duplicate keys, NaN."""

    slug, status, title = "bad-body", 400, Text("请求体无法解析", "The body cannot be read")


class BodyTooLarge(HuiyinError):
    """Over the route's limit."""

    slug, status, title = "body-too-large", 413, Text("请求体过大", "The body is too large")


class UnsupportedMedia(HuiyinError):
    """The body says that it is something else than JSON, or does not say what it is."""

    slug, status, title = "unsupported-media-type", 415, Text("需要 application/json", "application/json is needed")


class PictureNeeded(UnsupportedMedia):
    """The body says that it is no picture."""

    slug, title = "picture-needed", Text("需要图片(JPEG、PNG、WebP)", "A picture is needed (JPEG, PNG, WebP)")


class NotAPicture(HuiyinError):
    """What was uploaded cannot be decoded as one of the pictures that are taken."""

    slug, status, title = "not-a-picture", 422, Text("不是可用的图片(JPEG、PNG、WebP)", "Not a picture that can be used (JPEG, PNG, WebP)")


class PictureTooLarge(HuiyinError):
    """More pixels than are decoded, however small the file is."""

    slug, status, title = "picture-too-large", 413, Text("图片像素过多", "The picture has too many pixels")


class TooManyAttachments(Conflict):
    """The thing has as many attachments as it may have."""

    slug, title = "too-many-attachments", Text("附件数量已达上限", "There are as many attachments as there may be")


class AttachmentUsed(Conflict):
    """Another step refers to it already."""

    slug, title = "attachment-used", Text("附件已被其他步骤使用", "Another step refers to this attachment already")


class Missing(HuiyinError):
    """A fact is about something this service does not know yet: it waits in the store for that stream."""

    slug, status, fate, title = "not-yet-known", 409, Fate.WAIT, Text("尚未同步", "Not known yet")

    def __init__(self, stream: str) -> None:
        """Name the stream to wait for, for example `intake:case:<id>`."""
        super().__init__(None)
        self.stream = stream


class Taken(HuiyinError):
    """A unique key is already there."""

    slug, status, fate, title = "taken", 409, Fate.DONE, Text("已存在", "Already there")


class Transient(HuiyinError):
    """The world may recover."""

    slug, status, fate, title = "unavailable", 503, Fate.AGAIN, Text("服务暂不可用,请稍后重试", "Temporarily unavailable, try again")
    retry_after_s: ClassVar[int] = 5


class StoreAway(Transient):
    """The database does not answer."""

    slug = "store-away"


class BrokerAway(Transient):
    """The broker does not answer."""

    slug = "broker-away"


class TimeAway(Transient):
    """The time authority cannot be reached: nothing is handled without a time (decisions.md 2)."""

    slug = "time-away"


class PeerAway(Transient):
    """Another service does not answer."""

    slug = "peer-away"


class PeerRefused(HuiyinError):
    """Another service answered, and will answer the same again: what it was asked is wrong."""

    slug, status, title = "peer-refused", 502, Text("其他服务拒绝了请求", "Another service refused what it was asked")


class OutcomeUnknown(Transient):
    """The write may or may not have happened: repeat it with the same key (reliability.md 0.8)."""

    slug, title = "outcome-unknown", Text("结果未知,请用相同幂等键重试", "The outcome is unknown, repeat it with the same key")


class Degraded(Transient):
    """Only emergencies are accepted while facts cannot leave (reliability.md 3.8)."""

    slug, title = "intake-degraded", Text("系统繁忙,仅受理紧急事项", "Only emergencies are accepted for the moment")
    retry_after_s = 60


class StartRefused(HuiyinError):
    """The service must not run on this ground, for example a standalone mongod."""

    slug, title = "start-refused", Text("拒绝启动", "Refused to start")
