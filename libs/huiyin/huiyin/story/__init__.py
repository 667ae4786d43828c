"""Stories: given, when, then. A story is a file; running it leaves an observation; judging reads only the observation."""
