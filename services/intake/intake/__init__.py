"""intake 受理. Owns cases, reporters' contacts, promises, return visits and the API keys of call centres. Hears work_order and policy facts.

Says case.*, promise.* and visit.*; never picks a technician, never counts a deadline.
"""
