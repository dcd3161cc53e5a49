"""One file a vendor, each readable alone, and `http`, the one door out. What they implement: `signups.contracts`."""
