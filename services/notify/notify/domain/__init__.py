"""The arithmetic of notices: who, what words, when, how often. Pure: no framework, no clock, no I/O."""
