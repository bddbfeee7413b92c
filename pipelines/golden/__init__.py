"""Typed golden cases judged by production: cases, their base, their orders and uses.

No rule belongs here.
"""
