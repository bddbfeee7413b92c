"""`python -m bench.territories.address_holdout BAN_FILE … [--addresses 20000] [--write]`: how right the matcher of addresses is, by kind.

Real BAN rows are written as people write them (`perturbed_addresses`), a fifth of the streets is hidden from the matcher, another
fifth each time, and what it states is compared with the row that was meant. `--write` records what was measured as the confidences that it states from then on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from bench.territories.perturbed_addresses import House, Written, write_addresses
from stores.engine import connect, quoted
from territories.addresses import STATED_FROM, match_addresses
from territories.calibration import FILE, SURE_OF_FEW, Calibrated, write_calibration

SEED = 20261124
#: Times that it is asked, each time without another part of the streets: BAN is never whole, and what it lacks must not become
#: its neighbour.
FOLDS = 5
#: What is said to be this sure must be right in 99 of 100.
SURE = 0.95

app = typer.Typer(pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Answer:
    """What the matcher said of one address: kind, likeness (see `territories.calibration`), BAN id and how sure."""

    kind: str
    likeness: str | None
    best: str | None
    sure: float
    stated: str | None


@dataclass(frozen=True)
class Tally:
    """Addresses of one kind: how many, how many of them mean a row, how many were stated, and rightly."""

    addresses: int
    meant: int
    stated: int
    right: int

    @property
    def recall(self) -> float:
        """Return the share of the meant rows that was stated."""
        return self.right / self.meant if self.meant else 1.0

    @property
    def precision(self) -> float:
        """Return the share of the stated rows that was meant."""
        return self.right / self.stated if self.stated else 1.0


def measure(connection: duckdb.DuckDBPyConnection, addresses: int) -> tuple[list[Written], list[Answer]]:
    """Return written addresses and what the matcher said of each, over all folds.

    Args:
        connection: with the relation `all_ban` (columns of BAN_ADDRESSES but position and source).
        addresses: how many are written.
    """
    rows = connection.execute(
        f"""
        select address_id, number, coalesce(suffix, ''), street, postcode, commune_label, hash(commune_code || street) % {FOLDS}
        from all_ban where number is not null
        qualify count(*) over (partition by commune_code, postcode, upper(street), number, upper(coalesce(suffix, ''))) = 1
        order by address_id
        """
    ).fetchall()
    written: list[Written] = []
    answers: list[Answer] = []
    for fold in range(FOLDS):
        hidden = frozenset(row[0] for row in rows if row[6] == fold)
        some = write_addresses([House(*row[:6]) for row in rows], hidden, addresses // FOLDS, SEED + fold)
        written += some
        answers += ask(connection, some, hidden)
    return written, answers


def ask(connection: duckdb.DuckDBPyConnection, written: Sequence[Written], hidden: frozenset[str]) -> list[Answer]:
    """Match the addresses against `all_ban` without the hidden streets and return the answers in order.

    Args:
        connection: holds the table `all_ban`.
        written: addresses as people write them, one answer each.
        hidden: streets whose rows are left out of BAN.
    """
    import pyarrow

    delivered = pyarrow.table(
        {
            "address_key": [str(number) for number in range(len(written))],
            "street": [one.street for one in written],
            "postcode": [one.postcode for one in written],
            "city": [one.city for one in written],
            "country": ["FR"] * len(written),
        }
    )
    connection.register("written", delivered)
    connection.execute("create or replace temp table delivered as from written")
    connection.register("hidden", pyarrow.table({"address_id": pyarrow.array(sorted(hidden), pyarrow.string())}))
    connection.execute("create or replace temp table ban as select * from all_ban anti join hidden using (address_id)")
    connection.execute(
        "create or replace temp table communes as select distinct commune_code, postcode, commune_label as label from all_ban"
    )
    connection.execute(
        "create or replace temp table commune_names as select distinct commune_code as known_code,"
        " commune_label as label, commune_code from all_ban"
    )
    match_addresses(connection)
    rows = connection.execute(
        """
        select matches.match_kind, settled.likeness, settled.address_id, matches.match_confidence::double, matches.address_id
        from matches left join settled using (address_key) order by address_key::integer
        """
    ).fetchall()
    return [Answer(*row) for row in rows]


def tallies(written: Sequence[Written], answers: Sequence[Answer]) -> Mapping[str, Tally]:
    """Return the tally of each way of writing, and of `all`."""
    found: dict[str, list[tuple[Written, Answer]]] = {}
    for one, answer in zip(written, answers, strict=True):
        for name in (one.way, "all"):
            found.setdefault(name, []).append((one, answer))
    return {name: _tally(pairs) for name, pairs in found.items()}


def _tally(pairs: Sequence[tuple[Written, Answer]]) -> Tally:
    return Tally(
        len(pairs),
        sum(one.meant is not None for one, _ in pairs),
        sum(answer.stated is not None for _, answer in pairs),
        sum(answer.stated is not None and answer.stated == one.meant for one, answer in pairs),
    )


def calibrate(written: Sequence[Written], answers: Sequence[Answer]) -> list[Calibrated]:
    """Return, for each likeness, how often the best row was the one that was meant."""
    seen: dict[str, list[bool]] = {}
    for one, answer in zip(written, answers, strict=True):
        if answer.likeness is not None:
            seen.setdefault(answer.likeness, []).append(answer.best == one.meant)
    return [Calibrated(likeness, len(right), sum(right)) for likeness, right in sorted(seen.items())]


@dataclass(frozen=True)
class Apart:
    """What confidences that were measured elsewhere say of one place: its tally by them, and those said to be SURE or more."""

    place: str
    tally: Tally
    sure: int
    sure_and_right: int


def apart(written: Sequence[Written], answers: Sequence[Answer]) -> list[Apart]:
    """Judge each place by the confidences that all other places give: departments, or communes where there is only one.

    Empty where only one commune is at hand: nothing is elsewhere then.
    """
    departments = {one.made_of[:2] for one in written}
    places = [one.made_of[:2] if len(departments) > 1 else one.made_of for one in written]
    pairs = list(zip(places, written, answers, strict=True))
    return [_judged(place, pairs) for place in sorted(set(places))] if len(set(places)) > 1 else []


def _judged(place: str, pairs: Sequence[tuple[str, Written, Answer]]) -> Apart:
    others = [pair for pair in pairs if pair[0] != place]
    fitted = {one.likeness: one.confidence for one in calibrate([w for _, w, _ in others], [a for _, _, a in others])}
    seen = [(one, _told_by(fitted, answer)) for where, one, answer in pairs if where == place]
    sure = [(one, answer) for one, answer in seen if answer.sure >= SURE]
    return Apart(place, _tally(seen), len(sure), sum(one.meant == answer.stated for one, answer in sure))


def _told_by(confidences: Mapping[str, float], answer: Answer) -> Answer:
    """Return what the matcher would have stated with these confidences."""
    if answer.likeness is None:
        return answer
    sure = confidences.get(answer.likeness, SURE_OF_FEW)
    return replace(answer, sure=sure, stated=answer.best if sure >= STATED_FROM else None)


def load_ban(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    """Create `all_ban` from BAN's own CSV files."""
    names = ", ".join(f"'{quoted(file)}'" for file in files)
    connection.execute(
        f"""
        create or replace temp table all_ban as
        select id as address_id, nullif(numero, '')::integer as number, nullif(rep, '') as suffix, nom_voie as street,
            code_postal as postcode, code_insee as commune_code, nom_commune as commune_label,
            nullif(code_insee_ancienne_commune, '') as former_code, nullif(nom_ancienne_commune, '') as former_label
        from read_csv([{names}], delim = ';', all_varchar = true)
        """
    )


@app.command()
def main(
    files: list[Path],
    addresses: Annotated[int, typer.Option(min=1, help="addresses to write")] = 20_000,
    write: Annotated[bool, typer.Option("--write", help="record the measured confidences")] = False,
) -> None:
    """Measure the matcher on addresses made of BAN files."""
    connection = connect()
    load_ban(connection, files)
    written, answers = measure(connection, addresses)
    typer.echo(
        "| way of writing | addresses | a row is meant | stated | right | recall | precision |\n|---|---|---|---|---|---|---|"
    )
    for name, tally in tallies(written, answers).items():
        cells = (tally.addresses, tally.meant, tally.stated, tally.right)
        typer.echo(
            f"| {name} | {' | '.join(f'{cell:,}' for cell in cells)} | {tally.recall:.2%} | {tally.precision:.2%} |"
        )
    measured = calibrate(written, answers)
    typer.echo("\n| likeness | measured | right | share | stated confidence |\n|---|---|---|---|---|")
    for one in measured:
        typer.echo(
            f"| {one.likeness} | {one.measured:,} | {one.right:,} | {one.right / one.measured:.2%} | {one.confidence} |"
        )
    _say_apart(apart(written, answers))
    if write:
        write_calibration(measured, FILE)


def _say_apart(places: Sequence[Apart]) -> None:
    if not places:
        typer.echo("\nOne commune only: nothing is elsewhere to fit on.")
        return
    typer.echo(
        f"\n| fitted without | addresses | recall | precision | said ≥ {SURE} | of them right |\n|---|---|---|---|---|---|"
    )
    for one in places:
        right = one.sure_and_right / one.sure if one.sure else 1.0
        told = (
            f"{one.tally.addresses:,}",
            f"{one.tally.recall:.2%}",
            f"{one.tally.precision:.2%}",
            f"{one.sure:,}",
            f"{right:.2%}",
        )
        typer.echo(f"| {one.place} | {' | '.join(told)} |")


if __name__ == "__main__":
    app()
