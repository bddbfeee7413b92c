"""The registry of rules about persons, and its page.

Rules of orders belong to `sends.rules`.
"""
