"""Benches: figures of our own run between runs of the reference scripts, as JSON and a table. They never fail CI (house.md 9)."""
