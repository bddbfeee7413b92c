"""Floor 0: how pages and papers look: one frame, one style, plots and maps as SVG, papers as HTML and PDF.

What they say belongs to the room that owns the facts; nothing here reads a store.
"""
