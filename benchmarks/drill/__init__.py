"""The parts of the fire drill (`benchmarks/firedrill.py`): what happens when, who runs, who signs up, what
came of it."""
