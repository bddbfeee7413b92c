"""The field's words in plain French, for papers: states, signals, channels, criteria, and what forms look like.

Sentences of rules are data (`to_person` in `config/rules/`) and read from the base; whole paragraphs are in the module
of their paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pages.french import count_french, percent_french
from sends.ledger.states import State
from sends.orders.audience_criteria import Amount, Audience, Exclusion, Sex, Years
from sends.orders.order import Order
from terms.reasons import Channel, Profile, Verdict

CHANNELS: Mapping[Channel, str] = {Channel.SMS: "SMS", Channel.VOICE: "appel vocal"}

PROFILES: Mapping[Profile, str] = {Profile.STRICT: "lecture stricte", Profile.MARKET: "lecture du marché"}

VERDICTS: Mapping[Verdict, str] = {
    Verdict.SENDABLE: "peut recevoir un message choisi",
    Verdict.INVITE_ONLY: "peut seulement recevoir une demande d'accord",
    Verdict.HOLD: "en attente d'une décision humaine",
    Verdict.QUARANTINED: "non utilisé, preuve insuffisante",
    Verdict.REFUSED: "non utilisé",
}

STATES: Mapping[State, str] = {
    State.PLANNED: "prévu, pas encore envoyé",
    State.CLAIMED: "en cours d'envoi",
    State.EXCLUDED: "écarté avant l'envoi",
    State.REJECTED: "refusé par l'opérateur d'envoi",
    State.UNKNOWN: "issue inconnue",
    State.ACCEPTED: "remis à l'opérateur d'envoi",
    State.DELIVERED: "reçu par le téléphone",
    State.UNDELIVERED: "non reçu",
    State.EXPIRED: "non reçu à temps",
    State.NO_RECEIPT: "remis, sans accusé de réception",
    State.CANCELLED: "annulé, jamais envoyé",
}

PLAN_STATES: Mapping[str, str] = {
    "planned": "prévu, pas approuvé",
    "approved": "approuvé",
    "stopped": "arrêté par une personne",
    "released": "rendu : ce qui n'était pas envoyé est libre",
}

EVENTS: Mapping[str, str] = {
    "ConsentGiven": "accord donné",
    "ConsentRefused": "refus",
    "ConsentWithdrawn": "accord retiré",
}

SIGNALS: Mapping[str, str] = {
    "opt-in row": "ligne d'un fichier du partenaire",
    "opt-in row, refused": "ligne d'un fichier du partenaire, case non cochée",
    "flag turned to no": "accord passé à « non » dans un fichier du partenaire",
    "withdrawal file": "fichier de retraits du partenaire",
    "person erased by the partner": "effacement chez le partenaire",
    "end date in an opt-in row": "date de fin dans un fichier du partenaire",
    "stop": "STOP",
    "objection": "opposition",
    "erasure": "demande d'effacement",
    "withdrawal": "retrait de l'accord",
}

#: What a person answered: the meaning that was read in a reply, or an act that was entered.
REACTIONS: Mapping[str, str] = {
    "stop": "réponse STOP",
    "yes": "réponse OUI",
    "other": "autre réponse (son texte n'est pas gardé)",
    "click": "clic sur un lien",
    "reply": "réponse",
    "form": "formulaire rempli",
}

REQUESTS: Mapping[str, str] = {
    "access": "demande d'accès",
    "erasure": "demande d'effacement",
    "objection": "opposition",
    "withdrawal": "retrait de l'accord",
    "complaint": "réclamation sur une publicité",
}

#: Purposes as a dossier declares them; its own word where it is none of these.
PURPOSES: Mapping[str, str] = {
    "political": "communication politique",
    "commercial": "prospection commerciale",
    "game": "participation à un jeu",
}

FLAGS: Mapping[str, str] = {"given": "accord donné", "refused": "accord refusé"}

BOXES: Mapping[str, str] = {
    "unticked": "case non cochée d'avance",
    "ticked": "case cochée d'avance",
    "none": "pas de case",
}

ACTS: Mapping[str, str] = {
    "tick": "case cochée par la personne",
    "button": "bouton",
    "double_opt_in": "double confirmation",
}

FINDINGS: Mapping[str, str] = {
    "compliant": "conforme",
    "pre_ticked": "case cochée d'avance",
    "single_button": "bouton unique",
    "entry_requires_consent": "accord exigé pour participer",
}

BASES: Mapping[str, str] = {
    "consent": "consentement (RGPD, art. 6, § 1, a)",
    "legitimate_interest": "intérêt légitime (RGPD, art. 6, § 1, f)",
}

#: Roles in a chain of hands are the dossier's own words; one that is not here is shown as it was written.
ROLES: Mapping[str, str] = {
    "collector": "collecte",
    "broker": "intermédiaire",
    "controller": "responsable de traitement",
    "joint_controller": "responsable conjoint",
}

#: What an agreement's evidence lacks (`int_opt_ins__graded`).
MISSING: Mapping[str, str] = {
    "consent_instant": "l'instant de l'accord",
    "time_of_day": "l'heure",
    "form_in_use": "une version de formulaire en usage à cet instant",
    "notice_on_file": "le texte présenté, au dossier",
    "notice_in_row": "le texte présenté, dans la ligne",
    "utc_offset": "le fuseau horaire",
    "page_url": "l'adresse de la page",
    "named_recipients": "des destinataires nommés",
    "phone_channel": "un moyen de contact par téléphone",
    "ip": "l'adresse IP",
}

#: Words in the sources of rules, which are kept in English for those who work with them.
_SOURCES: tuple[tuple[str, str], ...] = (
    ("GDPR", "RGPD"),
    (
        "French bill adapting Regulation (EU) 2024/900 (DDADUE, art. 35), in the Senate in February 2026; final law not found",
        "projet de loi DDADUE adaptant le règlement (UE) 2024/900 (art. 35), au Sénat en février 2026 ; loi non trouvée",
    ),
    ("Regulation (EU)", "règlement (UE)"),
    ("recital", "considérant"),
    ("CJEU", "CJUE"),
    (
        "referral published on 16 March 2026: if categories of recipients suffice",
        "renvoi publié le 16 mars 2026 : des catégories de destinataires suffisent-elles",
    ),
    (
        "referral published on 16 March 2026: if each recipient must be named",
        "renvoi publié le 16 mars 2026 : chaque destinataire doit-il être nommé",
    ),
    ("CNIL rule of 28 Dec 2018", "règle de la CNIL du 28 décembre 2018"),
    ("decisions of 18 Dec 2025", "décisions du 18 décembre 2025"),
    ("21 Oct 2025 (SMS is not named there)", "21 octobre 2025 (le SMS n'y est pas nommé)"),
    (
        "référentiel on prospects: three years from the last contact",
        "référentiel sur les prospects : trois ans après le dernier contact",
    ),
    (": knowing of a bad form and going on", " : formulaire défectueux, connu et conservé"),
    (": demands without effective control", " : exigences sans contrôle réel"),
    ("Arcep decision on fiction ranges", "décision de l'Arcep sur les numéros de fiction"),
    ("Arcep numbering plan", "plan de numérotation de l'Arcep"),
    ("AF2M charter", "charte AF2M"),
    ("pending", "en cours"),
    ("policy: it warns, and an effect here makes it count", "choix de prudence"),
    ("policy beside", "choix de prudence, à côté de :"),
    ("; ", " ; "),
)

_SEXES: Mapping[Sex, str] = {Sex.F: "femmes", Sex.M: "hommes"}


def channel_word(name: str) -> str:
    """Return a channel that a dossier or a row names; one that is none of ours as it was written."""
    return CHANNELS[Channel(name)] if name in set(Channel) else name


def yes_no(value: bool) -> str:
    """Return `oui` or `non`."""
    return "oui" if value else "non"


def source_french(source: str) -> str:
    """Return the source of a rule in French."""
    for english, french in _SOURCES:
        source = source.replace(english, french)
    return source


def criteria_words(order: Order) -> tuple[str, ...]:
    """Return how the people of an order were chosen, a sentence each; an unselected order says that nobody was chosen."""
    audience = order.audience
    found = [
        *_territories(audience),
        *((f"sexe indiqué par les partenaires : {_SEXES[audience.sex]}",) if audience.sex else ()),
        *((f"âge : {_years(audience.age)}",) if audience.age else ()),
        *_areas(audience),
        *_excluded(audience.exclude),
    ]
    return tuple(found) or ("aucun critère : message non ciblé",)


def _territories(audience: Audience) -> list[str]:
    lists = (
        ("communes (codes INSEE)", audience.communes),
        ("départements", audience.departements),
        ("bureaux de vote", audience.bureaux),
        ("quartiers IRIS", audience.iris),
    )
    return [f"{name} : {_listed(values)}" for name, values in lists if values]


def _areas(audience: Audience) -> list[str]:
    found, vote = [], audience.bureau_vote
    if vote is not None:
        shares = _range(vote.share, percent_french)
        found.append(
            f"bureaux de vote entiers où {vote.candidate} a obtenu {shares} des voix ({vote.election}, tour {vote.round}) ;"
            " ce résultat est celui du bureau, jamais celui d'une personne"
        )
    if audience.iris_income is not None:
        amounts = _range(audience.iris_income, lambda euros: f"{count_french(round(euros))}\u00a0€")
        found.append(f"quartiers IRIS entiers dont le revenu médian publié par l'INSEE est de {amounts} par an")
    return found


def _excluded(exclusion: Exclusion | None) -> list[str]:
    if exclusion is None:
        return []
    found = [f"exclus, bureaux de vote : {_listed(exclusion.bureaux)}"] if exclusion.bureaux else []
    return found + ([f"exclus, sexe : {_SEXES[exclusion.sex]}"] if exclusion.sex else [])


def _listed(values: tuple[str, ...]) -> str:
    shown = ", ".join(values[:40])
    return shown if len(values) <= 40 else f"{shown} et {count_french(len(values) - 40, 'autre', 'autres')}"


def _years(years: Years) -> str:
    if years.least is not None and years.most is not None:
        return f"de {years.least} à {years.most} ans"
    return f"{years.least} ans et plus" if years.least is not None else f"{years.most} ans et moins"


def _range(amount: Amount, tell: Callable[[float], str]) -> str:
    if amount.least is not None and amount.most is not None:
        return f"{tell(amount.least)} à {tell(amount.most)}"
    if amount.least is not None:
        return f"{tell(amount.least)} ou plus"
    return f"{tell(amount.most)} ou moins" if amount.most is not None else "toute valeur"
