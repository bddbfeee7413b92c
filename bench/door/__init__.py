"""The door: partner files taken in, against plain DuckDB on the same bytes. The intake of a delivery is `partners_ingest`."""
