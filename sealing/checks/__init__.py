"""Comparing what stands now with what was sealed: files, ledger, log, messages.

Nothing is written here.
"""
