"""The closed list of layouts, by the name in a source's configuration.

What a layout is is defined in `layout`; files are read by the modules listed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from open_data.layouts import ban, commune_names, communes, contours, income, roll
from open_data.layouts.layout import Layout, measure_sql
from open_data.layouts.results import aggregated, long, numbered, until_2022
from open_data.sources import Source
from terms.errors import UsageError

LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        layout.name: layout
        for layout in (
            ban.BAN_CSV,
            communes.COG_JSON,
            commune_names.COG_NAMES,
            communes.LA_POSTE_POSTCODES,
            contours.ETALAB_BUREAUX,
            contours.PARIS_SECTORS,
            contours.CITY_BUREAUX,
            contours.IRIS_2013,
            contours.IRIS_PE,
            income.FILOSOFI_IRIS,
            income.FILOSOFI_COMMUNE_DECLARED,
            income.FILOSOFI_COMMUNE_DISPOSABLE,
            income.FILOSOFI_COMMUNE_PIVOT,
            until_2022.MINISTRY_BUREAU_RESULTS,
            numbered.NUMBERED_BUREAU_RESULTS,
            long.LONG_BUREAU_RESULTS,
            aggregated.AGGREGATED_BUREAU_RESULTS,
            roll.REU_ADDRESSES_TABLE,
            roll.REU_BUREAUX_TABLE,
        )
    }
)


def layout_of(source: Source) -> Layout:
    """Return the layout of a source.

    Raises:
        UsageError: no such layout, a field that it needs is not set, or a control total that it cannot measure.
    """
    layout = LAYOUTS.get(source.layout)
    where = f"Source {source.source_id}"
    if layout is None:
        raise UsageError(f"{where}: no layout is called {source.layout}.", f"Known: {', '.join(sorted(LAYOUTS))}.")
    for field in layout.needs:
        if getattr(source, field) is None:
            raise UsageError(f"{where}: the layout {layout.name} needs {field}.", "Add it to the source's file.")
    for measure in source.control_totals.totals if source.control_totals else ():
        if measure_sql(layout, measure) is None:
            known = ", ".join(("rows", *sorted(layout.measures)))
            raise UsageError(f"{where}: no control total is called {measure}.", f"Known: {known}.")
    return layout
