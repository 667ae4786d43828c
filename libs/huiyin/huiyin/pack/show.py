"""Shows a policy as a table that can be read: every value, where it comes from, who says it. Not here: comparing two of them (`diff`)."""

from collections.abc import Iterator, Mapping
from typing import Any

from common.errors import Text
from console.domain import labels
from rich.markup import escape
from rich.table import Table

from huiyin import cli
from huiyin.pack import words
from huiyin.pack.looked import Looked
from huiyin.pack.values import Path_, Value, said, values

SECTION = {
    "calendar": Text("日历", "Calendar"),
    "hours": Text("时段", "Hours"),
    "channels": Text("渠道", "Channels"),
    "night_recipient": Text("夜间接收人", "Night recipient"),
    "phone_rings": Text("电话铃声", "Phone rings"),
    "faults": Text("故障与事项", "Faults and matters"),
    "routing": Text("派往部门", "Routing"),
    "routing_rules": Text("派往规则", "Routing rules"),
    "required": Text("必填内容", "Required fields"),
    "clocks": Text("时限", "Clocks"),
    "escalation": Text("预警与上报", "Warnings and escalation"),
    "return_visit": Text("回访", "Return visits"),
    "orders": Text("工单", "Work orders"),
    "result_forms": Text("结果告知形式", "Forms of the result"),
    "reply": Text("答复", "Replies"),
    "plans": Text("方案", "Plans"),
    "repeat": Text("重复问题", "Repeats"),
    "approval": Text("费用审批", "Approval of costs"),
    "working_funds": Text("周转金", "Working funds"),
    "collection": Text("收款", "Collection"),
    "warranty_route": Text("保修路径", "Warranty route"),
    "rates": Text("指标", "Rates"),
    "bands": Text("红黄绿", "Red, yellow, green"),
    "cadence": Text("报表与会议", "Reports and meetings"),
    "patrols": Text("巡查与维护", "Patrols and maintenance"),
    "publishing": Text("公示", "Publishing"),
    "documents": Text("资料时限", "Documents"),
    "surveys": Text("满意度回访", "Survey rounds"),
    "penalties": Text("责任与扣罚(仅建议)", "Consequences (only proposed)"),
    "conduct": Text("行为规范", "Conduct"),
    "renovation": Text("装修", "Renovation"),
    "archive": Text("档案", "Archives"),
    "retention": Text("保存期限", "Retention"),
    "pause": Text("暂停", "Pause"),
    "majeure": Text("不可抗力", "Force majeure"),
}
COLUMNS = {"zh": ("项", "值", "来源"), "en": ("Value", "Says", "Origin")}


def as_rows(looked: Looked, only: str | None) -> dict[str, Value]:
    """Return the values to show, all or those of one section (or below one path)."""
    rows = values(looked.policy) if looked.documents else said(looked.policy)
    return {name: value for name, value in rows.items() if only is None or name == only or name.startswith(f"{only}.")}


def show(looked: Looked, rows: Mapping[str, Value], locale: str) -> None:
    """Print a table for each section, sections in the order of the schema."""
    zh = locale == "zh"
    cli.out.print(title(looked, locale), markup=False, style="bold", soft_wrap=True)
    by_section: dict[str, list[Value]] = {}
    for value in rows.values():
        by_section.setdefault(str(value.path[0]), []).append(value)
    for section, inside in by_section.items():
        table = Table(
            *COLUMNS["zh" if zh else "en"], title=words.said(SECTION, section, locale), title_justify="left", header_style="bold", expand=True
        )
        for row in _rows(inside, locale):
            table.add_row(*row)
        cli.out.print(table)


def _rows(inside: list[Value], locale: str) -> Iterator[tuple[str, str, str]]:
    """Yield a line for each value; what a thing is called stands on a line above its values."""
    called = {value.path[:-1]: value.shown(locale) for value in inside if value.path[-1] in {"title", "code"} and len(value.path) > 2}
    above: Path_ = ()
    for value in inside:
        thing = value.path[:-1]
        if thing in called and thing != above:
            code = words.said(labels.CLOCK, called[thing], locale) if value.path[0] == "clocks" else called[thing]
            yield f"[bold]{escape(_label(thing))}[/bold]", f"[bold]{escape(code)}[/bold]", ""
        above = thing
        if value.path[-1] not in {"title", "code"} or thing not in called:
            label = f"  {value.path[-1]}" if thing in called else _label(value.path)
            yield escape(label), escape(value.shown(locale)), escape(words.source(value.origin, locale))


def title(looked: Looked, locale: str) -> str:
    """Return what is shown: a site with its packs, or a pack."""
    if looked.resolved:
        above = Text("本项目规定", "own values") if looked.site and looked.site.head.policy else None
        layers = [*looked.resolved.packs, *((above.in_(locale),) if above else ())]
        return f"{looked.resolved.site} {looked.resolved.name.in_(locale)} = {' + '.join(layers)}"
    head = looked.pack.head if looked.pack else None
    kind = Text("叠加包", "overlay") if head and head.overlay else Text("基础包", "base pack")
    return f"{looked.name} ({kind.in_(locale)}) {head.title.in_(locale) if head else ''}"


def _label(path: Path_) -> str:
    """Return a path below its section."""
    return ".".join(str(step).removeprefix("#") for step in path[1:]) or str(path[0])


def as_json(looked: Looked, rows: Mapping[str, Value]) -> dict[str, Any]:
    """Return the values for programs, each with its origin."""
    said = {
        name: {"value": value.raw, "origin": value.origin.model_dump(exclude_defaults=True) if value.origin else None} for name, value in rows.items()
    }
    return {"name": looked.name, "packs": list(looked.resolved.packs) if looked.resolved else [], "values": said}
