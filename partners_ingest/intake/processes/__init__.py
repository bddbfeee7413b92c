"""Processes in which deliveries are read, one for each: how they are prepared, bounded, ended and heard.

What they do is the way of a delivery (`partners_ingest.intake.delivery_way`). What becomes of a delivery is decided by
`partners_ingest.intake.take_in`.
"""
