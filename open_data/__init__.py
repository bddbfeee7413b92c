"""Floor 1: public sources (addresses, bureau maps, results, IRIS, income) are fetched and loaded as vintages into the lake.

From top to bottom; imports run down this list only:

    fetch, load                 files into the open-data folder; files into the lake
    download, soundness         one file by HTTP; whether a file is the announced one
    shelf                       downloaded files by their hash
    layouts/                    how files of each layout become rows; layouts/results/ for election results
    sources, resources          records of `config/open_data/`
    freshness, failures         loaded vintages; the error of one source

Tying a person's address to a territory belongs to `territories`. No Dagster here.
"""
