"""Who lives in the pretend world."""
