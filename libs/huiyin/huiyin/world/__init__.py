"""Worlds of their own for stories and replays: the five services, a time that is steered, and the doors."""
