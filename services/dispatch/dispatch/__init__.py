"""Owns work orders, people, rota and contractors (派工).

Hears cases and policies. Says `work_order.*`, `slips.handed_over`, `rota.published`. Never closes a case, never decides what is late.
"""
