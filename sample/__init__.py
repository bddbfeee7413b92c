"""The bundled sample: how its invented persons, commune and partner files are made, and the files themselves.

Only the sample belongs here. Nothing in the product imports it, and nothing in it is real.
"""
