"""Evidence: delivered bytes, salted commitments to their lines, and the record of redactions.

Typed rows belong to `stores.lake` and `stores.vault`, reading formats to `partners_ingest`.
"""
