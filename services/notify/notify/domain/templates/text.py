"""The shape of a text. Pure data."""

from dataclasses import dataclass

from common.errors import Text

ALWAYS = frozenset({"site_name", "person_name"})  #: variables that every text may use
GREETING = Text("{{ person_name }},您好!", "Dear {{ person_name }},")
STRANGER = Text("尊敬的业主/住户", "resident")
COLLEAGUE = Text("同事", "colleague")
SIGNATURE = Text("{{ site_name }} 客户服务中心", "{{ site_name }} customer service")


@dataclass(frozen=True)
class Wording:
    """One template: Jinja texts in both languages. Owner texts have `empathy` and `commitment`, staff texts neither (NTF-06)."""

    subject: Text
    says: Text
    needs: frozenset[str]  #: variables read from the fact when the notice is composed
    late: frozenset[str] = frozenset()  #: variables that are only fetched when it leaves
    empathy: Text | None = None
    commitment: Text | None = None

    def whole(self, locale: str) -> tuple[str, str]:
        """Return the sources of subject and body in one language."""
        parts = [GREETING, self.empathy, self.says, self.commitment, SIGNATURE]
        return self.subject.in_(locale), "\n\n".join(part.in_(locale) for part in parts if part)
