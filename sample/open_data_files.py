"""The invented commune written in the official layouts: BAN, bureau contours, results, IRIS, Filosofi.

What the commune looks like is decided in `sample.place`. Layouts: headers as the producers publish them
(BAN 23 columns; Etalab contours with `codeBureauVote`; the ministry's text of 2022 in latin-1 whose header
names one candidate block; Filosofi IRIS 2021 with decimal comma, `ns`, `nd`, `so`).
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from random import Random

from sample.deterministic_gzip import gzip_bytes
from sample.place import COMMUNE, DEPARTEMENT, INSEE_CODE, POSTCODE, Area, Place, lambert_93

BAN_HEADER = (
    "id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;code_insee_ancienne_commune;"
    "nom_ancienne_commune;x;y;lon;lat;type_position;alias;nom_ld;libelle_acheminement;nom_afnor;source_position;"
    "source_nom_voie;certification_commune;cad_parcelles"
)
RESULTS_HEADER = (
    "Code du département;Libellé du département;Code de la circonscription;Libellé de la circonscription;"
    "Code de la commune;Libellé de la commune;Code du b.vote;Inscrits;Abstentions;% Abs/Ins;Votants;% Vot/Ins;Blancs;"
    "% Blancs/Ins;% Blancs/Vot;Nuls;% Nuls/Ins;% Nuls/Vot;Exprimés;% Exp/Ins;% Exp/Vot;N°Panneau;Sexe;Nom;Prénom;"
    "Voix;% Voix/Ins;% Voix/Exp"
)
INCOME_HEADER = (
    "IRIS;DISP_TP6021;DISP_INCERT21;DISP_Q121;DISP_MED21;DISP_Q321;DISP_EQ21;DISP_D121;DISP_D221;DISP_D321;DISP_D421;"
    "DISP_D621;DISP_D721;DISP_D821;DISP_D921;DISP_RD21;DISP_S80S2021;DISP_GI21;DISP_PACT21;DISP_PTSA21;DISP_PCHO21;"
    "DISP_PBEN21;DISP_PPEN21;DISP_PPAT21;DISP_PPSOC21;DISP_PPFAM21;DISP_PPMINI21;DISP_PPLOGT21;DISP_PIMPOT21;DISP_NOTE21"
)
#: Share of the valid votes for the first candidate, per bureau of 2022: from clear to close to opposite.
SHARES = (0.71, 0.66, 0.62, 0.58, 0.55, 0.53, 0.51, 0.49, 0.46, 0.42, 0.38, 0.33)
IRIS_LABELS = ("Lavoir", "Vieille Halle", "Saint-Clément", "Moulin", "Remparts", "Bois Clair")
#: Median in euros a year; a text is the producer's reason for withholding it.
MEDIANS: tuple[int | str, ...] = (19_840, 24_310, 21_760, "ns", 27_950, "nd")


def write_open_data(folder: Path, place: Place, random: Random) -> None:
    """Write every file below `folder`, in the folder tree that `config/open_data/` describes.

    Args:
        folder: the folder of open data; made where it is missing.
        place: the invented commune with its addresses, bureaux and IRIS.
        random: draws the votes; the same seed gives the same bytes.
    """
    files = {
        f"ban/adresses-{DEPARTEMENT}.csv.gz": gzip_bytes(_ban(place).encode()),
        "maps/contours-bureaux-2022.geojson": _contours("bureaux-2022", place.bureaux_2022),
        "maps/contours-bureaux-2026.geojson": _contours("bureaux-2026", place.bureaux_2026),
        "elections/resultats-par-niveau-burvot-t2-france-entiere.txt": _results(random).encode("latin-1"),
        "iris/contours-iris.geojson": _iris(place.iris),
        "filosofi/BASE_TD_FILO_IRIS_2021_DISP.csv": _income(place.iris).encode("ascii"),
    }
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _ban(place: Place) -> str:
    lines = [BAN_HEADER]
    for address in place.addresses:
        x, y = lambert_93(address.lon, address.lat)
        afnor = unicodedata.normalize("NFD", address.street).encode("ascii", "ignore").decode().upper()
        cells = [
            address.ban_id,
            address.street_code,
            str(address.number),
            address.suffix,
            address.street,
            POSTCODE,
            INSEE_CODE,
            COMMUNE,
            "",
            "",
            f"{x:.2f}",
            f"{y:.2f}",
            f"{address.lon:.6f}",
            f"{address.lat:.6f}",
            "entrée",
            "",
            "",
            COMMUNE.upper(),
            afnor.replace("-", " ").replace("'", " "),
            "commune",
            "commune",
            "1",
            "",
        ]
        lines.append(";".join(cells))
    return "\n".join(lines) + "\n"


def _contours(name: str, areas: tuple[Area, ...]) -> bytes:
    features = [
        _feature(
            {
                "codeDepartement": DEPARTEMENT,
                "codeCommune": INSEE_CODE,
                "nomCommune": COMMUNE,
                "numeroBureauVote": area.code.split("_")[1],
                "codeBureauVote": area.code,
                "codeCirconscription": f"{DEPARTEMENT}01",
            },
            area,
        )
        for area in areas
    ]
    return _collection(name, features)


def _iris(areas: tuple[Area, ...]) -> bytes:
    features = [
        _feature(
            {
                "DEPCOM": INSEE_CODE,
                "NOM_COM": COMMUNE.upper(),
                "IRIS": area.code[5:],
                "DCOMIRIS": area.code,
                "NOM_IRIS": label.upper(),
                "TYP_IRIS": "H",
                "ORIGINE": None,
            },
            area,
        )
        for area, label in zip(areas, IRIS_LABELS, strict=True)
    ]
    return _collection("contours-iris", features)


def _feature(properties: dict[str, str | None], area: Area) -> str:
    geometry = {"type": "Polygon", "coordinates": [[list(point) for point in area.ring]]}
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    return json.dumps(feature, ensure_ascii=False)


def _collection(name: str, features: list[str]) -> bytes:
    crs = '{ "type": "name", "properties": { "name": "urn:ogc:def:crs:OGC:1.3:CRS84" } }'
    head = f'{{\n"type": "FeatureCollection",\n"name": "{name}",\n"crs": {crs},\n"features": [\n'
    return (head + ",\n".join(features) + "\n]\n}\n").encode()


def _results(random: Random) -> str:
    lines = [RESULTS_HEADER]
    for position, share in enumerate(SHARES):
        registered = random.randint(640, 1150)
        cast = round(registered * random.uniform(0.70, 0.80))
        blank, void = round(cast * 0.061), round(cast * 0.022)
        valid = cast - blank - void
        first = round(valid * share)
        cells = ["48", "Lozère", "01", "1ère circonscription", INSEE_CODE[2:], COMMUNE, f"{position + 1:04d}"]
        cells += [str(registered), str(registered - cast), _percent(registered - cast, registered)]
        cells += [str(cast), _percent(cast, registered)]
        cells += [str(blank), _percent(blank, registered), _percent(blank, cast)]
        cells += [str(void), _percent(void, registered), _percent(void, cast)]
        cells += [str(valid), _percent(valid, registered), _percent(valid, cast)]
        cells += _block("1", "M", "MACRON", "Emmanuel", first, registered, valid)
        cells += _block("2", "F", "LE PEN", "Marine", valid - first, registered, valid)
        lines.append(";".join(cells))
    return "\r\n".join(lines) + "\r\n"


def _block(panel: str, sex: str, name: str, given: str, votes: int, registered: int, valid: int) -> list[str]:
    return [panel, sex, name, given, str(votes), _percent(votes, registered), _percent(votes, valid)]


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}".replace(".", ",")


def _income(areas: tuple[Area, ...]) -> str:
    lines = [INCOME_HEADER]
    for area, median in zip(areas, MEDIANS, strict=True):
        lines.append(";".join([area.code, *_income_cells(median)]))
    return "\n".join(lines) + "\n"


def _income_cells(median: int | str) -> list[str]:
    if isinstance(median, str):
        withheld = {1, 14, 15, 28}  # INCERT, RD, S80S20 and NOTE read `so` where the rest is withheld
        return ["so" if position in withheld else median for position in range(29)]
    shares = (0.70, 1.0, 1.32)
    quartiles = [str(round(median * share / 10) * 10) for share in shares]
    deciles = [str(round(median * share / 10) * 10) for share in (0.57, 0.68, 0.79, 0.9, 1.1, 1.22, 1.38, 1.62)]
    rest = "2,8;3,5;0,246;70,6;64,0;3,4;3,2;26,8;6,4;8,3;3,2;3,6;1,5;-12,6;0".split(";")
    return ["18,0", "1", *quartiles, "0,57", *deciles, *rest]
