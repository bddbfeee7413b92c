"""Sealing files, messages and papers into the log; forgetting and key rotation.

Comparing seals with what stands now belongs to `sealing.checks`.
"""
