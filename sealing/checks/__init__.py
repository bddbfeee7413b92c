"""Checks: files, ledger, log, messages and papers as they are now, compared with what was sealed.

Nothing is written here. Making seals belongs to `sealing.seals`, the log itself to `sealing.log`.
"""
