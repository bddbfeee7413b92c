"""What a person did or asked after the opt-in: stops, withdrawals, requests, complaints, forms switched off.

Partners' files belong to `partners_ingest`.
"""
