"""Floor 0: reading what an operator edits: YAML files as typed values that name file, line and key in every error.

What the values mean belongs to the room that asks for them.
"""
