"""What a partner is told of its deliveries: advice, report, what its opt-ins are worth.

Nothing is judged here.
"""
