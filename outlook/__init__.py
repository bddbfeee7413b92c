"""Floor 1: what the base tells of itself for planning: why contacts cannot be used, what expires, what each supplier is worth.

Judging belongs to `consent`, planning a campaign to `sends`.
"""
