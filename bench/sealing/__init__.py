"""The transparency log: how long sealing takes, and whether each flipped bit of a sealed home is named."""
