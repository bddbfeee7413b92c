"""Plans: audience, judgement, exclusivity, price, approval, control, the transparency notice.

Rules of orders are judged in `sends.rules`; nothing is handed over here.
"""
