"""Rules of orders: calendar, message, sponsor, price, voice, small counts, and the rulebook they come from.

Pure: consent and person are judged in the base, plans are stored by `sends.plans`.
"""
