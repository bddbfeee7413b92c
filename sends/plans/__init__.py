"""Plans: counting and freezing an audience, reserving it, approving and steering a plan, its transparency notice.

Rules of orders belong to `sends.rules`, handing messages over to `sends.handover`.
"""
