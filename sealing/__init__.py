"""Floor 1: the transparency log over the journal, the stores' files and the messages, and the check of all of them.

    checks/  compares what is there now with what was sealed
    seals/   seals files, messages and papers; proofs of messages; forgetting; key rotation
    log/     the Merkle tree, its tiles, signed checkpoints, proofs of journal lines

Imports run down this list only. What a paper says about a person belongs to `lineage.papers`. A stranger checks proofs
with `verifier`, which shares no code with this room.
"""
