"""The transparency log: tree, tiles, checkpoints, entries and proofs.

What is sealed belongs to `sealing.seals`, comparing to `sealing.checks`.
"""
