"""A pretend internet on localhost: stateful, faithful vendors, DNS and SMTP for demo, tests, benchmarks.

Run it with ``python -m sandbox``. It imports nothing of the product, so that whatever the product gets
wrong about a vendor shows here as it would outside.
"""
