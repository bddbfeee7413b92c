"""Evidence: delivered bytes with commitments to their lines, and redactions.

Typed rows belong to lake and vault.
"""
