"""Seals of files, messages and papers; proofs of messages; forgetting a person's text; rotating the encryption key.

The log that seals go into belongs to `sealing.log`. Comparing seals with the present state belongs to `sealing.checks`.
"""
