"""Takes in a landing folder by the door alone, as the refresh does, in a process that may be measured or killed.

Run as `python -m bench.kills.intake LANDING PARTNERS` on an initialised home. The whole refresh is the command's.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from consent.dossiers.dossiers import read_dossiers
from partners_ingest.arrival.landing import scan_landing
from partners_ingest.intake.take_in import take_in
from stores.all_stores import open_stores
from stores.home import writer_lock
from terms.settings import load_settings


def main() -> None:
    """Take in what is new, and say how many deliveries were handled."""
    landing, partners = (Path(word) for word in sys.argv[1:3])
    stores = open_stores(load_settings(os.environ))
    with writer_lock(stores.home):
        reports = take_in(
            stores, scan_landing(landing), read_dossiers(partners), stores.clock, stores.settings.environment, print
        )
    print(f"{len(reports)} deliveries")


if __name__ == "__main__":
    main()
