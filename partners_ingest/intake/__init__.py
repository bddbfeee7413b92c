"""The way of a delivery: its steps in order, its row in the ledger, whole-file checks, decisions of people, rehearsal.

Reading records belongs to `readers`, typing rows to `rows`.
"""
