"""Commands about persons who act: enrol, a lost key, a leaver, who they are; signing configuration; standing orders.

Who may do what, and what counts as signed, is decided by `staff`.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.answers import AsJson, opened_stores, print_lines, print_table, say
from terms.errors import UsageError

if TYPE_CHECKING:
    from staff.persons import Person

app = typer.Typer(help="Who acts here, with which keys and roles, and what they signed.", no_args_is_help=True)

PersonArgument = Annotated[str, typer.Argument(metavar="PERSON", help="The id in config/staff/persons.yaml.")]


@app.command()
def enrol(person: PersonArgument) -> None:
    """Enter a person in the staff register as config/staff/persons.yaml tells it, or again after a change there.

    The first one founds the register and signs; each later line is signed by another person (dpo or legal).

    Example: filiation staff enrol camille.second
    """
    from staff.enrolment import enrol as enter

    found = enter(opened_stores(), person)
    say(f"{found.name} is in the staff register: {_roles(found)}.")


@app.command()
def lost(
    person: PersonArgument, fingerprint: Annotated[str, typer.Argument(help="As `staff list` prints it.")]
) -> None:
    """Say that a key is lost: nothing that it signed counts any more.

    Example: filiation staff lost camille.second SHA256:2oXK…
    """
    from staff.enrolment import lose_key

    found = lose_key(opened_stores(), person, fingerprint)
    say(f"The key {fingerprint} of {found.name} counts no more. Write `lost: true` beside it in persons.yaml.")


@app.command()
def leave(
    person: PersonArgument,
    on: Annotated[str, typer.Option(help="The first day on which the person works here no more (Paris).")],
) -> None:
    """Say that a person leaves: from that day on the person decides nothing; what was signed before counts.

    Example: filiation staff leave camille.second --on 2027-05-03
    """
    from staff.enrolment import leave as enter

    found = enter(opened_stores(), person, _day(on))
    say(f"{found.name} leaves on {on}. Write `until: {on}` in persons.yaml.")


@app.command("list")
def list_staff(as_json: AsJson = False) -> None:
    """List the persons of the staff register, their accounts, roles of today and keys.

    Example: filiation staff list
    """
    from staff.enrolment import staff_of
    from terms.paris import day_in_paris

    opened = opened_stores()
    today = day_in_paris(opened.clock.now())
    rows = [
        {
            "person": person.person_id,
            "name": person.name,
            "os_account": person.os_account,
            "roles": sorted(person.roles_on(today)),
            "keys": [key.key.fingerprint for key in person.keys if key.counts_on(today)],
        }
        for person in staff_of(opened).persons.values()
    ]
    if as_json:
        print_lines(rows)
    else:
        print_table(rows, ["person", "name", "os_account", "roles", "keys"])


@app.command()
def sign(part: Annotated[str, typer.Argument(help="staff, rules, retention, prices or dossiers.")]) -> None:
    """Sign a part of the configuration as it is now; in staging and production it counts only so.

    Example: filiation staff sign rules
    """
    from staff.decisions import decide
    from staff.signed_configuration import Part, changed_files, configuration_decision, folder_of

    if part not in set(Part):
        raise UsageError(f"{part} is no part of the configuration.", f"Say one of {', '.join(Part)}.")
    opened = opened_stores()
    folder = folder_of(opened.settings, Part(part))
    with opened.engine.connect() as reading:
        for name in changed_files(reading, Part(part), folder):
            say(f"  changed: {part}/{name}")
    decide(opened, configuration_decision(Part(part), folder))
    say(f"The configuration of {part} is signed.")


@app.command("order-purge")
def order_purge(until: Annotated[str, typer.Option(help="The first day on which the order holds no more.")]) -> None:
    """Order, as dpo, that the timer may purge by the periods of config/retention/ as they are now.

    Example: filiation staff order-purge --until 2027-12-31
    """
    from staff.standing_orders import order_purges

    order_purges(opened_stores(), _day(until))
    say(f"`filiation purge` may run by itself until {until}, by these periods.")


@app.command("break-glass")
def break_glass(
    act: Annotated[str, typer.Argument(help="Such as approve or erase.")],
    subject: Annotated[str, typer.Argument(help="What the act is about: a plan, a delivery, a case.")],
    why: Annotated[str, typer.Option(help="Why nobody with the role can act; recorded.")],
    by: Annotated[str | None, typer.Option(help="Who says so (demo and test only).")] = None,
) -> None:
    """Let an act be done without its role for some hours. Two persons must say so; `filiation status` tells it.

    Example: filiation staff break-glass restored answered --why "both dpo are unreachable since noon"
    """
    from staff.break_glass import break_glass as say_so

    others = say_so(opened_stores(), act, subject, why, by)
    say("Two persons said so: it may be done now." if others else "A second person must say so as well.")


def _roles(person: Person) -> str:
    return ", ".join(sorted({held.role for held in person.roles})) or "no role"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no day.", "Write it as 2027-05-03.") from None
