"""The way of a delivery as a list of steps, its row in the operations database, whole-file checks, decisions, rehearsal.

Reading records belongs to `readers`, typing rows to `rows`.
"""
