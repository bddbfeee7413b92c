"""Commands about the home: init, refresh, status, backup, log, vault, open data, golden cases."""
