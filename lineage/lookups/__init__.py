"""Looking a number or a message up: provenance, trace, judged use, delivered bytes, and the access log before each answer.

Nothing is changed here but the access log.
"""
