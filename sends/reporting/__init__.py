"""What is told after a send: report, area, outcomes, invoice, exclusivity certificate.

May use every other room of `sends`; none of them uses this one.
"""
