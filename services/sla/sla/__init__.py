"""sla 時限 owns clocks, calendars and the policies of sites.

It hears `case`, `promise`, `visit`, `work_order`, `slips` and `rota`; it says `clock`, `escalation`, `policy` and `calendar`.
It never sends a message to a person: notify does, from `escalation.raised`.
"""
