"""Floor 1: the vault's distinct addresses, BAN and maps become ties of an address to its bureaux and its IRIS.

From top to bottom; imports run down this list only:

    tie, overlaps, sheet     ties of addresses; overlaps of maps; the sheet of a bureau or commune
    addresses                delivered addresses matched with BAN
    street_names             streets that a delivered text names
    words                    the words of an address
    roll, contours, serving  the electoral roll; point in polygon; which contours are used
    calibration              how sure each kind of match is

Loading public sources belongs to `open_data`. How an area voted or earns is never joined with a contact here.
"""
