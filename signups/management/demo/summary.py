"""What came of the days, in a few lines: read from the product's tables and held against what the story did."""

from __future__ import annotations

from signups.management.demo.story import Story
from signups.management.demo.world import World


def told(world: World, story: Story, days: int, took_s: float) -> str:
    """The summary."""
    return f"{days} days in {took_s:.0f} s"
