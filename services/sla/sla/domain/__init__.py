"""The rules of clocks: pure functions and values. Not here: I/O, frameworks, the time of day."""
