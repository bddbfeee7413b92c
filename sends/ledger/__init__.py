"""Messages in the ledger: their states, their events, and the writes and reads that several rooms share.

Tables are defined in `stores`; nothing is decided here.
"""
