"""The shipped rules of orders under both profiles, an election and a sponsor to try them on, and how to read findings."""

from datetime import date, datetime

from sends.orders.elections import read_elections
from sends.orders.sponsors import read_sponsor
from sends.rules.rulebook import read_rulebook
from terms.reasons import Profile
from terms.settings import PROJECT_ROOT

CONFIG = PROJECT_ROOT / "config"
BOOK = read_rulebook(CONFIG / "rules" / "orders")
STRICT, MARKET = (BOOK.under(profile, date(2027, 3, 16)) for profile in Profile)
PRES = read_elections(CONFIG / "elections")["PRES2027"]
HORIZON = read_sponsor(CONFIG / "sponsors", "horizon")


def at(text):
    return datetime.fromisoformat(text)


def codes(found):
    return [item.code for item in found]
