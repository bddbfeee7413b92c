"""Tables of territories in the lake: ties, bureaux, results, IRIS, income, communes, addresses, contours.

Writers are checked against these records, dbt sources are made of them. Instants are DuckDB TIMESTAMP in UTC,
dates are civil dates of Europe/Paris.
"""

from __future__ import annotations

from stores.schemas.column_classes import Privacy, Table, columns

ADDRESS_TIES = Table(
    "address_ties",
    "distinct address x map",
    ("address_key", "map"),
    columns(
        Privacy.PSEUDONYMOUS,
        ("address_key", "VARCHAR", "see opt_ins"),
        ("map", "VARCHAR", "bureau map: 2022, 2026; an IRIS comes with every map"),
        ("address_id", "VARCHAR", "BAN id; null where no BAN row is meant"),
        ("commune_code", "VARCHAR", "INSEE code, arrondissements kept (75111); null outside France or unknown"),
        ("bureau_code", "VARCHAR", "INSEE code of the voting commune + _ + 4 characters; null if unknown"),
        ("iris_code", "VARCHAR", "9 characters; null if unknown"),
        ("match_kind", "VARCHAR", "exact, near, street, commune, none"),
        ("match_confidence", "DOUBLE", "0 to 1: how sure the tie to the BAN address is"),
        ("candidates", "STRUCT(bureau_code VARCHAR, weight DOUBLE)[]", "bureaux that it may be, where ambiguous"),
        ("tied_by", "VARCHAR", "rule that gave the bureau: contour, reu_table, none"),
    ),
)

BUREAUX = Table(
    "bureaux",
    "bureau de vote x map",
    ("bureau_code", "map"),
    columns(
        Privacy.OPEN,
        ("bureau_code", "VARCHAR", "INSEE code of the voting commune + _ + 4 characters of text"),
        ("map", "VARCHAR", "bureau map"),
        ("commune_code", "VARCHAR", "voting commune"),
        ("reu_id", "VARCHAR", "id of the electoral roll (id_brut_bv_reu); null where the source does not tell it"),
        ("label", "VARCHAR", "name of the polling place; null where the source does not tell it"),
        ("precedence", "INTEGER", "1 serves first where several sources tell of the same; null = a file of before"),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the source"),
    ),
)

BUREAU_RESULTS = Table(
    "bureau_results",
    "bureau de vote x election x round x candidate",
    ("election", "round", "bureau_code", "candidate"),
    columns(
        Privacy.OPEN,
        ("election", "VARCHAR", "PRES2022, ..."),
        ("round", "INTEGER", "1 or 2"),
        ("bureau_code", "VARCHAR", "see bureaux"),
        ("map", "VARCHAR", "bureau map that the codes belong to"),
        ("registered", "INTEGER", "people on the roll (inscrits)"),
        ("votes_cast", "INTEGER", "votants"),
        ("valid_votes", "INTEGER", "exprimes"),
        ("candidate", "VARCHAR", "family name, or list, as published; with given name where a bureau has it twice"),
        ("nuance", "VARCHAR", "political label by the ministry; null where the layout has none"),
        ("votes", "INTEGER", "votes for the candidate"),
        ("precedence", "INTEGER", "1 serves first where several sources tell of the same; null = a file of before"),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the source"),
    ),
)

IRIS = Table(
    "iris",
    "IRIS x vintage of its contour",
    ("iris_code", "vintage"),
    columns(
        Privacy.OPEN,
        ("iris_code", "VARCHAR", "9 characters"),
        ("commune_code", "VARCHAR", "INSEE code, arrondissement for Paris, Lyon, Marseille"),
        ("label", "VARCHAR", "name of the IRIS"),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the contour"),
    ),
)

IRIS_INCOME = Table(
    "iris_income",
    "IRIS x vintage of the income",
    ("iris_code", "vintage"),
    columns(
        Privacy.OPEN,
        ("iris_code", "VARCHAR", "9 characters"),
        ("median_euros", "DOUBLE", "median disposable income per consumption unit, euros a year; null if withheld"),
        (
            "missing_reason",
            "VARCHAR",
            "ns, nd, so, s as published where the median is withheld, blank where it says nothing",
        ),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the income"),
    ),
)

COMMUNE_INCOME = Table(
    "commune_income",
    "commune x concept of income x vintage",
    ("commune_code", "concept", "vintage"),
    columns(
        Privacy.OPEN,
        ("commune_code", "VARCHAR", "INSEE code; arrondissements where the source has them"),
        ("concept", "VARCHAR", "disposable (after taxes and benefits) or declared"),
        ("median_euros", "DOUBLE", "median per consumption unit, euros a year; null if withheld"),
        ("missing_reason", "VARCHAR", "as iris_income"),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the income"),
    ),
)

COMMUNES = Table(
    "communes",
    "commune x postcode x source that says so",
    ("commune_code", "postcode", "source_id"),
    columns(
        Privacy.OPEN,
        ("commune_code", "VARCHAR", "INSEE code, arrondissements kept"),
        ("postcode", "VARCHAR", ""),
        ("label", "VARCHAR", "name of the commune"),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the source"),
    ),
)

BAN_ADDRESSES = Table(
    "ban_addresses",
    "address of the Base Adresse Nationale",
    ("address_id",),
    columns(
        Privacy.OPEN,
        ("address_id", "VARCHAR", "BAN id: 75111_5107_00002, with _b for a suffix"),
        ("number", "INTEGER", "house number; null where BAN has none"),
        ("suffix", "VARCHAR", "rep as published (b, bis, ter, ...); null if none"),
        ("street", "VARCHAR", "name of the street as published"),
        ("postcode", "VARCHAR", ""),
        ("commune_code", "VARCHAR", "INSEE code, arrondissements kept"),
        ("commune_label", "VARCHAR", "name of the commune as published"),
        ("former_code", "VARCHAR", "code_insee_ancienne_commune: the merged commune that it was in; null if none"),
        ("former_label", "VARCHAR", "nom_ancienne_commune; null if none"),
        ("lon", "DOUBLE", "degrees, WGS 84; null where BAN has none"),
        ("lat", "DOUBLE", "degrees, WGS 84; null where BAN has none"),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the source"),
    ),
)

CONTOURS = Table(
    "contours",
    "polygon of a bureau on a map or of an IRIS, part by part as published",
    ("kind", "map", "code", "part"),
    columns(
        Privacy.OPEN,
        ("kind", "VARCHAR", "bureau or iris"),
        ("map", "VARCHAR", "bureau map (2022, 2026); for an IRIS the vintage of its contour"),
        ("code", "VARCHAR", "bureau_code or iris_code"),
        ("part", "INTEGER", "1, 2, ...: features that share a code stay apart"),
        ("commune_code", "VARCHAR", "voting commune of a bureau; commune or arrondissement of an IRIS"),
        ("wkb", "BLOB", "polygon or multipolygon, degrees, WGS 84, as well-known binary"),
        ("precedence", "INTEGER", "1 serves first where several sources tell of the same; null = a file of before"),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the source"),
    ),
)

COMMUNE_NAMES = Table(
    "commune_names",
    "code and name under which a commune is or was known x commune of today x source that says so",
    ("known_code", "label", "commune_code", "source_id"),
    columns(
        Privacy.OPEN,
        ("known_code", "VARCHAR", "INSEE code of that commune, of the past, delegated or associated; or of today"),
        ("label", "VARCHAR", "its name"),
        (
            "commune_code",
            "VARCHAR",
            "INSEE code of the commune of today that it is (part of); several if it was divided",
        ),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the source"),
    ),
)

REU_ADDRESSES = Table(
    "reu_addresses",
    "address of the electoral roll x bureau, row by row as published",
    ("map", "position"),
    columns(
        Privacy.OPEN,
        ("map", "VARCHAR", "bureau map"),
        ("position", "BIGINT", "row of the file, 1-based"),
        ("reu_id", "VARCHAR", "id of the bureau in the roll (id_brut_bv_reu)"),
        ("bureau_code", "VARCHAR", "the same in our form, by padding; the roll's table of bureaux goes first"),
        ("commune_code", "VARCHAR", "INSEE code, arrondissements kept"),
        ("address_id", "VARCHAR", "BAN id, small letters; null where the file has none"),
        ("geo_type", "VARCHAR", "as published: housenumber, street, locality, municipality"),
        ("geo_score", "DOUBLE", "0 to 1, as published; null if none"),
        ("lon", "DOUBLE", "degrees, WGS 84; null if none"),
        ("lat", "DOUBLE", "degrees, WGS 84; null if none"),
        ("addresses", "INTEGER", "nb_adresses: addresses of the roll behind the row, not voters"),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the source"),
    ),
)

TERRITORY_OVERLAPS = Table(
    "territory_overlaps",
    "territory of one layer x territory of another that shares its people",
    ("from_kind", "from_map", "from_code", "to_kind", "to_map", "to_code"),
    columns(
        Privacy.OPEN,
        ("from_kind", "VARCHAR", "bureau"),
        ("from_map", "VARCHAR", "bureau map"),
        ("from_code", "VARCHAR", "bureau_code"),
        ("to_kind", "VARCHAR", "bureau or iris"),
        ("to_map", "VARCHAR", "newer bureau map, or vintage of the IRIS contours"),
        ("to_code", "VARCHAR", "bureau_code or iris_code"),
        ("share_of_from", "DOUBLE", "0 to 1: part of the first territory that lies in the second"),
        ("share_of_to", "DOUBLE", "0 to 1: part of the second territory that lies in the first"),
        ("addresses", "INTEGER", "BAN addresses in both; null where surfaces were measured"),
        ("rule", "VARCHAR", "addresses: counted over BAN; overlap: surface of the contours"),
        ("source_id", "VARCHAR", "territory_overlaps"),
        ("vintage", "VARCHAR", "made, of the serving maps and addresses"),
    ),
)
