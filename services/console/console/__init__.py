"""console 看板. Owns read models (board, timeline), accounts and sessions of staff, and the web pages; its port is the front address.

Hears every case, order, clock, escalation, visit, promise, notice, policy and rota fact. Says nothing yet (reports come later); never moves a case.
"""
