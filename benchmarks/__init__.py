"""What it costs: each module measures one thing and prints ratios, ours against the bare limit, in one run."""
