"""Values and rules of console: no framework, no clock, no I/O."""
