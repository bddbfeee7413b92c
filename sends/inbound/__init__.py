"""What comes back from gateways and people: delivery reports, replies, opt-outs, agreements.

Handing messages over belongs to `sends.handover`.
"""
