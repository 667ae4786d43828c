"""Replay of real requests: a file of openings and completions goes through the HTTP doors of a world of its own."""
