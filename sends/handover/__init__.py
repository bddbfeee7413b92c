"""Handing a plan over to its gateway: the sender's loop and its steps, checks, reconciliation, lock, pace, breaker.

Making and approving plans belongs to `sends.plans`, what comes back from a gateway to `sends.inbound`.
"""
