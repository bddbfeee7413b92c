"""Floor 1: the transparency log over the journal, the files and the messages, and the check of the whole chain.

What a paper says about a person is told by `lineage`; a stranger checks proofs with `verifier`, which shares no code.
"""
