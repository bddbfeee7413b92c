"""Routes to phones: one interface, one module per route, and the local simulator.

What may be sent, to whom and when does not belong here: a gateway is only handed messages that were allowed.
"""
