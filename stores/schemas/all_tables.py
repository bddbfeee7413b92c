"""All Parquet tables of each store, for code that walks over them; each is defined by subject in a module beside this one.

Writers are checked against these records, dbt sources are made of them. Instants are DuckDB TIMESTAMP in UTC,
dates are civil dates of Europe/Paris.
"""

from __future__ import annotations

from stores.schemas.configuration_tables import CONTROLLER, RULES, SEGMENT_CRITERIA, SEGMENTS, SPONSORS
from stores.schemas.delivered_rows import (
    AGE_BRACKETS,
    DELIVERY_FIGURES,
    OPT_INS,
    QUARANTINE,
    WITHDRAWAL_SIGNALS,
    WITHDRAWALS,
)
from stores.schemas.dossier_tables import (
    DOSSIER_AUDITS,
    DOSSIER_CHAIN,
    DOSSIER_FEEDS,
    DOSSIER_FORM_VERSIONS,
    DOSSIER_NOTICE_CONTRADICTIONS,
    DOSSIER_NOTICE_RECIPIENTS,
    DOSSIER_NOTICES,
    DOSSIER_PARTNERS,
    FORM_STOPS,
)
from stores.schemas.territory_tables import (
    ADDRESS_TIES,
    BAN_ADDRESSES,
    BUREAU_RESULTS,
    BUREAUX,
    COMMUNE_INCOME,
    COMMUNE_NAMES,
    COMMUNES,
    CONTOURS,
    IRIS,
    IRIS_INCOME,
    REU_ADDRESSES,
    TERRITORY_OVERLAPS,
)
from stores.schemas.vault_tables import ADDRESSES, IDENTITIES, SALTS

SNAPSHOT_TABLES = (
    DOSSIER_PARTNERS,
    DOSSIER_CHAIN,
    DOSSIER_AUDITS,
    DOSSIER_FORM_VERSIONS,
    DOSSIER_NOTICES,
    DOSSIER_NOTICE_RECIPIENTS,
    DOSSIER_FEEDS,
    DOSSIER_NOTICE_CONTRADICTIONS,
    FORM_STOPS,
    RULES,
    SPONSORS,
    CONTROLLER,
    SEGMENTS,
    SEGMENT_CRITERIA,
)

VAULT_TABLES = (IDENTITIES, ADDRESSES, SALTS)

LAKE_TABLES = (
    OPT_INS,
    WITHDRAWALS,
    WITHDRAWAL_SIGNALS,
    QUARANTINE,
    DELIVERY_FIGURES,
    AGE_BRACKETS,
    ADDRESS_TIES,
    BUREAUX,
    BUREAU_RESULTS,
    IRIS,
    IRIS_INCOME,
    COMMUNE_INCOME,
    COMMUNES,
    COMMUNE_NAMES,
    BAN_ADDRESSES,
    REU_ADDRESSES,
    TERRITORY_OVERLAPS,
    CONTOURS,
)
