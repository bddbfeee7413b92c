"""Floor 0: definitions that several rooms share: environment, clock, settings, errors, reason codes, ids.

Nothing here reads a file, opens a socket or looks at a clock when it is imported. No rule of law, no format and no
storage belongs here.
"""
