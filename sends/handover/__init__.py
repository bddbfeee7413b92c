"""Handing a plan over to its gateway: the loop, the decision of the instant, pace, breaker, reconciliation.

Making and approving plans belongs to `sends.plans`.
"""
