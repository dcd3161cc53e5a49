"""Usage stats in; quiet customers, those at their limit and the daily sync out."""
