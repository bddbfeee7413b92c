"""Campaigns: orders, audience, plan, exclusivity, price, approval, ledger, hand-over and gateways.

Judging consent and person does not belong here (`consent.judgement` asks the base), nor does any `dagster` import.
"""
