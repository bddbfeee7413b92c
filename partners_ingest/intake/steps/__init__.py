"""The steps of a delivery, one module each; each step returns what it found or why the delivery stops.

Their order is in `partners_ingest.intake.delivery_way`. What has an effect is named after it: `land_bytes`,
`commit_to_lines`, `keep_figures`, `publish_rows`, `redact_erased_lines`, `commit_delivery`.
"""
