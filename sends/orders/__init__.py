"""Orders and what they refer to, as records and how they are read: elections, sponsors, prices, recordings, segments.

Judging an order belongs to `sends.rules`.
"""
