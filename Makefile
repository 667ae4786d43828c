# Every target is a verb of ./dev, which needs no make.
VERBS = up down status logs test faults check scenarios bench lock
.PHONY: help $(VERBS)

help:
	@./dev

$(VERBS):
	@./dev $@ $(ARGS)
