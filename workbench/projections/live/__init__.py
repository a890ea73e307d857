"""What the event loop of a server knows of a session: a plain-Python fold over its events.

Numbers are the exchange's own: ticks, lots, micros and nanoseconds.
"""
