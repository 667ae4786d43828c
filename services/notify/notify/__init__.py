"""notify 通知. Owns notices, subscriptions of webhooks and the delivery ledger; never decides that somebody should be told, a table does.

Hears case, promise, visit, work_order, clock, escalation, policy and rota facts. Says notice.sent, notice.failed and notice.withheld.
"""
