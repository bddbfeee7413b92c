"""The transparency log: Merkle tree, tiles, signed checkpoints, entries, and proofs of journal lines.

It knows neither files nor messages nor papers: sealing those belongs to `sealing.seals`, comparing to `sealing.checks`.
"""
