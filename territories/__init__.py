"""Floor 1: the vault's distinct addresses, BAN and maps become ties of an address to its bureaux and its IRIS.

Where the public rows come from is `open_data`'s; how an area voted or earns never meets a contact here.
"""
