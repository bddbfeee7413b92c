"""What is told of a campaign after it was planned: report, area, outcomes, invoice, exclusivity certificate.

May use every other room of `sends`; none of them uses this one.
"""
