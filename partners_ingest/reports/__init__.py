"""What a partner is told of its deliveries: advice, report, which of its opt-ins may be used.

Nothing is judged here.
"""
