"""A/B tests: who sees which arm, who saw it, and what can be said about it."""
