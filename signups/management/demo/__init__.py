"""The demo: the sandbox's cast living thirty days in two minutes, in this process and against the pretend internet.

Only here does time travel; the product knows nothing of it. Everything comes in as it does in life: people use the
site through their browsers, the product's backend the API, the vendors their webhooks, and django-q2's schedules put
the daily jobs on the queue. What is told is `story`'s, when it happens `agenda`'s, in whose clock `clock`'s.
"""
