"""How a page looks: one frame, one style, plots as SVG.

What a page tells belongs to the room that knows it; nothing here reads a store.
"""
