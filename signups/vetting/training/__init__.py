"""Makes what ships with the checks from public data; needed by whoever brings it up to date, never by the product."""
