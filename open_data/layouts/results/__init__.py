"""Layouts of election results per bureau, one module each; what they share is in `result_rows`.

Other layouts of open data are in the folder above; a new layout is also a line in `open_data.layouts.registry`.
"""
