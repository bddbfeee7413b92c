"""Look-ups of a number, a message or a record: provenance, trace, judged use, delivered bytes, and the access log.

Each look-up is written to the access log before it is answered; nothing else is changed here. Documents about the
answers belong to `lineage.papers`.
"""
