"""Rules of orders: calendar, message, sponsor, price, voice, small counts, and the rulebook they follow.

Rules are pure functions over records and an instant. Consent and person are judged in the base; audiences are counted and plans
written by `sends.plans`.
"""
