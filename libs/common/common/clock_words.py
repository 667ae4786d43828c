"""The words of clock rules: moments, what a clock hangs on, units, how binding a source is.

Not here: the rules themselves (`clock_rules`), which fact is which moment (sla/domain/moments).
"""

from enum import StrEnum


class Moment(StrEnum):
    """Moments that start and stop clocks; facts are mapped to them by one table in sla."""

    RECEIVED = "received"
    CLASSIFIED = "classified"
    RESPONDED = "responded"
    WORK_REQUESTED = "work_requested"
    REPLIED = "replied"  #: an answer that satisfies the reply clock (DEF-19)
    MEASURES_DECIDED = "measures_decided"
    RESULT_RECORDED = "result_recorded"
    RESULT_TOLD = "result_told"
    TEST_RESULT_TOLD = "test_result_told"
    TRIPARTITE_HELD = "tripartite_held"
    PLAN_TOLD = "plan_told"
    PROGRESS_TOLD = "progress_told"
    PLAN_OF_DAYS = "plan_of_days"  #: a plan of more than one day was recorded
    RESTORED = "restored"
    RESULT_REPORTED = "result_reported"  #: the site's office told the department above it how the case stands
    PROMISE_MADE = "promise_made"
    PROMISE_KEPT = "promise_kept"
    VISITED = "visited"
    CLOSED = "closed"
    REOPENED = "reopened"
    ORDER_ISSUED = "order_issued"
    CONTRACTOR_ISSUED = "contractor_issued"
    ACCEPTED = "accepted"
    ON_SITE = "on_site"
    CONTRACTOR_ON_SITE = "contractor_on_site"
    ASSESSED = "assessed"
    SURVEYED = "surveyed"  #: the joint survey's sheet is signed
    GUIDED = "guided"  #: not a repair: the owner was shown the right use
    COMPLETED = "completed"
    WORK_COMPLETED = "work_completed"  #: derived: every order of the case is completed, guided or cancelled, not all cancelled
    SIGNED = "signed"
    RETURNED = "returned"
    INSPECTED = "inspected"
    ORDER_CANCELLED = "order_cancelled"
    SLIPS_HANDED_OVER = "slips_handed_over"
    DEPARTMENT_NOTIFIED = "department_notified"
    DEPARTMENT_ANSWERED = "department_answered"


class Subject(StrEnum):
    """What a clock hangs on (decisions.md 2)."""

    CASE = "case"
    ORDER = "order"
    PROMISE = "promise"
    DEPARTMENT = "department"  #: one department's notice of a case: each answers for itself
    SITE_WEEK = "site_week"


class Unit(StrEnum):
    """Units of a duration (C2)."""

    MINUTE = "minute"  #: elapsed time (DEF-02)
    HOUR = "hour"  #: elapsed time (DEF-02)
    WORKING_DAY = "working_day"  #: close of business of the N-th working day (DEF-04)
    CALENDAR_DAY = "calendar_day"  #: close of business of the N-th day, moved where the site uses working days (DEF-06)
    FULL_DAY = "full_day"  #: N calendar days, until the time of day at which they began
    OFFICE_DAY = "office_day"  #: N working days, until the time of day at which they began; after closing they begin at the next opening (ADR 0023)
    OFFICE_HOUR = "office_hour"  #: hours that the office is open (`hours.office` of working days)
    OFFICE_MINUTE = "office_minute"  #: minutes that the office is open
    SAME_DAY = "same_day"  #: 24:00 of the day of the start (DEF-05)
    APPOINTMENT = "appointment"  #: the agreed time
    PROMISED = "promised"  #: the promised time; for a case the expected resolution time
    SET_BY_SITE = "set_by_site"  #: the source asks for a limit and names none: no site goes live without its own (SLA-35)


class Strength(StrEnum):
    """How binding the source is (DEF-23)."""

    MUST = "must"  #: 內, 必須
    NORMAL_MAX = "normal_max"  #: 一般不應超過: behaves like must
    SHOULD = "should"  #: 宜: never leads to an accountability entry


class ChannelForm(StrEnum):
    """A letter is a paper letter, everything else is oral (DEF-25)."""

    ORAL = "oral"
    LETTER = "letter"
