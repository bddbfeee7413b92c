"""Floor 1: views over the whole base: why contacts may not be used, which are about to expire, how each supplier delivers.

May use `sends` and `consent`; nothing below uses it. Judging belongs to `consent`, planning a campaign to `sends`.
"""
