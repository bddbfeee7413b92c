"""How files of each official layout become rows: one module per layout, and `results/` for election results.

`registry` lists all layouts and imports them; each uses `layout` (what a layout is) and readers of one file format
(`delimited`, `geojson` over `geopackage`). A new layout is a module here or in `results/`, and a line in `registry`.
Fetching and committing files belong to `open_data.fetch` and `open_data.load`.
"""
