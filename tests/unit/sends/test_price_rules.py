"""Prices of messages and calls at their limits, how a recording is measured, and what a call must say and show."""

import wave
from datetime import date

import pytest

from sends.orders.order import AgreedPrice, VoiceMessage
from sends.orders.price import costly_characters, quote_sms, quote_voice, read_price_list
from sends.orders.recordings import measure
from sends.rules.price_rules import price_findings
from sends.rules.voice import voice_findings
from terms.errors import UsageError
from tests.scenes.sends.shipped_rules import CONFIG, STRICT, codes

PRICES = read_price_list(CONFIG / "prices", date(2026, 11, 24))


@pytest.mark.parametrize(
    ("agreed", "expected"),
    [
        (AgreedPrice(), []),
        (AgreedPrice(10), []),
        (AgreedPrice(11), []),
        (AgreedPrice(9), ["BELOW_USUAL_PRICE"]),
        (AgreedPrice(9, discount_open_to_all=True), []),
        (AgreedPrice(0), ["GIFT_IN_KIND"]),
        (AgreedPrice(0, discount_open_to_all=True), ["GIFT_IN_KIND"]),
        (AgreedPrice(10, free_messages=1), ["GIFT_IN_KIND"]),
        (AgreedPrice(3, free_messages=1), ["GIFT_IN_KIND", "BELOW_USUAL_PRICE"]),
    ],
)
def test_the_price_is_the_lists_for_everybody(agreed, expected):
    assert codes(price_findings(agreed, 10, STRICT)) == expected


@pytest.mark.parametrize(
    ("text", "parts", "cents"),
    [
        ("a" * 160, 1, 10),
        ("a" * 161, 2, 17),
        ("a" * 306, 2, 17),
        ("a" * 307, 3, 25),
        ("a" * 459, 3, 25),
        ("a" * 460, 4, 33),
        ("a" * 612, 4, 33),
        ("€" * 80, 1, 10),
        ("€" * 81, 2, 17),
        ("ê" * 70, 1, 10),
        ("ê" * 71, 2, 17),
        ("ê" * 268, 4, 33),
        ("\U0001f600" * 35, 1, 10),
        ("\U0001f600" * 36, 2, 17),
    ],
)
def test_a_message_is_priced_by_its_parts_in_the_real_alphabet(text, parts, cents):
    quote = quote_sms(text, PRICES, AgreedPrice())
    assert (quote.parts, quote.unit_price_cents, quote.list_unit_cents) == (parts, cents, cents)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Réunion à 18 h, Ñ ä ö Ü ç?", ("ç",)),  # GSM has the capital only
        ("réunion à 18 h", ()),
        ("10 € [gratuit]", ("€", "[", "]")),
        ("fête 10 €, fête’", ("ê", "’")),
        ("", ()),
    ],
)
def test_the_characters_that_cost_extra_are_shown(text, expected):
    assert costly_characters(text) == expected


@pytest.mark.parametrize(
    ("seconds", "cents"), [(0.1, 10), (15.0, 10), (15.01, 17), (30, 17), (30.5, 25), (45, 25), (46, 33), (60, 33)]
)
def test_a_call_is_priced_by_its_seconds(seconds, cents):
    quote = quote_voice(seconds, PRICES, AgreedPrice())
    assert (quote.unit_price_cents, quote.seconds, quote.parts) == (cents, seconds, 1)


def test_a_call_longer_than_the_list_goes_has_no_price():
    with pytest.raises(UsageError, match="goes to 60 s"):
        quote_voice(60.1, PRICES, AgreedPrice())


def test_an_order_that_agrees_on_a_price_is_quoted_at_it():
    quote = quote_sms("a" * 161, PRICES, AgreedPrice(20))
    assert (quote.list_unit_cents, quote.unit_price_cents, quote.total_cents(3)) == (17, 20, 60)


def wav(path, seconds, rate=8000):
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(b"\0\0" * int(seconds * rate))
    return path


def test_a_recording_is_measured_and_what_is_none_is_refused(tmp_path):
    one, other = measure(wav(tmp_path / "a.wav", 12.5)), measure(wav(tmp_path / "b.wav", 12.5, 16000))
    assert (one.seconds, other.seconds) == (12.5, 12.5)
    assert one.sha256 != other.sha256
    whole = (tmp_path / "a.wav").read_bytes()
    for name, content in (("empty", b""), ("text", b"not a sound"), ("cut", whole[:-4000])):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match="no readable WAV"):
            measure(tmp_path / name)
    for path in (tmp_path / "none.wav", wav(tmp_path / "silent.wav", 0)):
        with pytest.raises(UsageError, match="no readable WAV"):
            measure(path)


@pytest.mark.parametrize(
    ("caller", "seconds", "expected"),
    [
        ("+33937000000", 10, []),
        ("+33162000000", 0, []),
        ("+33937000000", 10.1, ["VOICE_OBJECTION_LATE"]),
        ("+33639980001", 3, ["CLI_FORBIDDEN"]),
        ("+33712345678", 3, ["CLI_FORBIDDEN"]),
        ("+33700000000", 3, ["CLI_FORBIDDEN"]),
        ("+262692123456", 3, ["CLI_FORBIDDEN"]),
        ("+590690301234", 3, ["CLI_FORBIDDEN"]),
        ("+596596501234", 3, []),
        ("+33639980001", 28, ["VOICE_OBJECTION_LATE", "CLI_FORBIDDEN"]),
    ],
)
def test_a_call_says_early_how_to_object_and_shows_no_mobile(caller, seconds, expected):
    assert codes(voice_findings(VoiceMessage("a.wav", caller, seconds), STRICT)) == expected
