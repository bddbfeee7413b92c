"""What papers say of a person's own rows: each opt-in with what was shown and what became of it, each message.

The certificate and the answer to an access request share these paragraphs; what each says beside them is in its own
module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lineage.lookups.provenance import ConsentEvent, OptIn, PerUse, Provenance, Send, Territory
from lineage.lookups.reactions import Reaction
from lineage.papers.background import Background, Form, Partner, SentText
from lineage.papers.words import (
    ACTS,
    BOXES,
    CHANNELS,
    EVENTS,
    FINDINGS,
    FLAGS,
    MISSING,
    PROFILES,
    REACTIONS,
    ROLES,
    SIGNALS,
    STATES,
    VERDICTS,
    channel_word,
    source_french,
    yes_no,
)
from pages.french import day_french, instant_french
from pages.paper import Block, Facts, Grid, Heading, Points, Quote, Text
from sends.ledger.states import State

UNKNOWN = "non indiqué"
_NOTHING_KNOWN = "Aucune ligne acceptée d'un partenaire ne contient ce numéro."


def origin_blocks(provenance: Provenance, background: Background) -> tuple[Block, ...]:
    """Return where the number comes from: each act or refusal, the oldest first."""
    if not provenance.opt_ins:
        return (Text(_NOTHING_KNOWN),)
    found: list[Block] = []
    for position, opt_in in enumerate(provenance.opt_ins, 1):
        partner = background.partner(opt_in.partner_id)
        found.append(Heading(f"Origine {position} sur {len(provenance.opt_ins)} : {partner.legal_name}"))
        found += _opt_in_blocks(opt_in, partner, background)
    return tuple(found)


def event_blocks(events: Sequence[ConsentEvent], background: Background) -> tuple[Block, ...]:
    """Return what happened to the consent, in order of time."""
    rows = tuple(
        (
            instant_french(event.at) if event.at else "instant inconnu",
            EVENTS.get(event.state, event.state),
            f"{SIGNALS.get(event.signal, event.signal)} ({_source_words(event.source, background)})",
            instant_french(event.known_at),
        )
        for event in events
    )
    return (Grid(("Quand", "Quoi", "D'après", "Connu de nous"), rows),) if rows else (Text("Aucun événement."),)


def reaction_blocks(reactions: Sequence[Reaction]) -> tuple[Block, ...]:
    """Return what the person answered, in order of time; nothing where it never did."""
    rows = tuple(
        (instant_french(one.at), REACTIONS[one.kind], one.source, instant_french(one.known_at)) for one in reactions
    )
    head = ("Quand", "Réponse", "D'après", "Connu de nous")
    return (Text("Réponses reçues :"), Grid(head, rows)) if rows else ()


def send_blocks(sends: Sequence[Send], texts: Mapping[str, SentText], background: Background) -> tuple[Block, ...]:
    """Return every message to the number: for whom, when, its state, its text, and the criteria of choice.

    Args:
        sends: messages, the oldest first.
        texts: what the messages of a plan say, by plan.
        background: names of sponsors.
    """
    if not sends:
        return (Text("Aucun message n'a été envoyé ni prévu vers ce numéro."),)
    found: list[Block] = []
    for position, send in enumerate(sends, 1):
        text = texts[send.plan_id]
        found.append(Heading(f"Message {position} sur {len(sends)} : {background.sponsor_name(send.sponsor_id)}"))
        found += [Facts(_send_facts(send, text, background)), Text("Texte du message :"), Quote(text.text)]
        if not text.is_proved:
            found.append(
                Text("Ce texte est celui de la commande ; la forme finale n'est plus connue que par son empreinte.")
            )
    return tuple(found)


def territory_facts(territory: Territory | None) -> Facts:
    """Return where the person votes and lives, by the address."""
    if territory is None:
        return Facts((("Territoire", UNKNOWN),))
    bureaux = tuple((f"Bureau de vote (carte {name})", code) for name, code in territory.bureaux.items())
    sure = territory.match_confidence
    return Facts(
        (
            ("Commune (code INSEE)", territory.commune_code or UNKNOWN),
            *bureaux,
            ("Quartier (code IRIS)", territory.iris_code or UNKNOWN),
            ("Adresse retrouvée (BAN)", territory.address_id or UNKNOWN),
            ("Sûreté du rattachement", f"{sure:.2f} sur 1".replace(".", ",") if sure else "adresse non rattachée"),
        )
    )


def verdict_grid(verdicts: PerUse) -> Grid:
    """Return the verdict on the number now, by channel and by each reading of the disputed law."""
    rows = tuple(
        (CHANNELS[channel], PROFILES[profile], VERDICTS[use.verdict], ", ".join(use.reasons) or "–")
        for channel, profiles in verdicts.items()
        for profile, use in profiles.items()
    )
    return Grid(("Moyen", "Lecture du droit", "Aujourd'hui", "Motifs"), rows)


def reason_grid(codes: Iterable[str], background: Background) -> tuple[Block, ...]:
    """Return each reason code in plain words, with its source in law."""
    known = [(code, background.rules[code]) for code in sorted(set(codes)) if code in background.rules]
    rows = tuple((code, rule.to_person, f"{source_french(rule.source)} ({rule.rule_id})") for code, rule in known)
    return (Grid(("Motif", "Ce que cela veut dire", "Source"), rows),) if rows else ()


def reason_codes(provenance: Provenance) -> set[str]:
    """Return every code in the answer, of the contact and of each act."""
    uses = [provenance.verdicts, *(opt_in.uses for opt_in in provenance.opt_ins if opt_in.uses)]
    return {code for per in uses for profiles in per.values() for use in profiles.values() for code in use.reasons}


def _opt_in_blocks(opt_in: OptIn, partner: Partner, background: Background) -> list[Block]:
    found: list[Block] = [
        Facts(
            (
                ("Partenaire", f"{partner.legal_name} ({opt_in.partner_id})"),
                ("Chaîne de transmission", _chain(partner)),
                ("Réponse de la personne", FLAGS.get(opt_in.flag, opt_in.flag)),
                ("Date de la réponse", instant_french(opt_in.consented_at) if opt_in.consented_at else UNKNOWN),
                ("Fichier reçu", opt_in.file_name),
                ("Place dans le fichier", _place(opt_in)),
                ("Empreinte du fichier (SHA-256)", opt_in.file_sha256),
                ("Livraison, flux", f"{opt_in.delivery_id}, {opt_in.feed_id}"),
                ("Page du formulaire", opt_in.page_url or UNKNOWN),
                *_form_facts(opt_in.form_version, partner.forms.get(opt_in.form_version or "")),
                ("Destinataires nommés", ", ".join(opt_in.recipients) or "aucun"),
                ("Moyens acceptés", ", ".join(channel_word(name) for name in opt_in.channels) or "aucun"),
                ("Preuve", _evidence(opt_in)),
            )
        )
    ]
    if opt_in.notice_text:
        found += [Text(f"Texte présenté à la personne (n° {opt_in.notice_id}) :"), Quote(opt_in.notice_text)]
    else:
        found.append(Text(f"Texte présenté : {opt_in.notice_id or UNKNOWN}, inconnu du dossier."))
    return found + ([Points(_worth(opt_in.uses))] if opt_in.uses else [])


def _worth(uses: PerUse) -> tuple[str, ...]:
    """Return the verdicts on an act alone, a line per verdict: several uses mostly have the same one."""
    found: dict[str, list[str]] = {}
    for channel, profiles in uses.items():
        for profile, use in profiles.items():
            reasons = f" ({', '.join(use.reasons)})" if use.reasons else ""
            found.setdefault(f"{VERDICTS[use.verdict]}{reasons}", []).append(
                f"{CHANNELS[channel]}, {PROFILES[profile]}"
            )
    return tuple(f"Cet accord, seul – {' ; '.join(uses_of)} : {answer}" for answer, uses_of in found.items())


def _form_facts(version: str | None, form: Form | None) -> tuple[tuple[str, str], ...]:
    if form is None:
        return (("Version du formulaire", version or UNKNOWN),)
    until = f"au {instant_french(form.last_seen_at)}" if form.last_seen_at else "à ce jour"
    audits = "; ".join(f"{day_french(on)}, {by} : {FINDINGS[finding]}" for on, by, finding in form.audits)
    return (
        ("Version du formulaire", f"{version}, en ligne du {instant_french(form.first_seen_at)} {until}"),
        ("Forme de la question", f"{BOXES[form.box]}, {ACTS[form.act]}"),
        ("Refuser aussi simple qu'accepter", yes_no(form.is_refusal_as_easy)),
        ("Accord exigé pour participer", yes_no(form.is_bundled)),
        ("Contrôles du formulaire", audits or "aucun"),
        *((("Formulaire écarté", instant_french(form.stopped_at)),) if form.stopped_at else ()),
    )


def _place(opt_in: OptIn) -> str:
    last = opt_in.byte_offset + opt_in.byte_length
    return f"ligne {opt_in.line_number}, octets {opt_in.byte_offset} à {last}"


def _evidence(opt_in: OptIn) -> str:
    if opt_in.evidence_grade is None:
        return "sans objet (refus)"
    lacking = ", ".join(MISSING[name] for name in opt_in.evidence_missing)
    return f"niveau {opt_in.evidence_grade} (A à D)" + (f" ; il manque : {lacking}" if lacking else " ; complète")


def _chain(partner: Partner) -> str:
    hops = " → ".join(f"{name} ({ROLES.get(role, role)})" for name, role in partner.chain)
    return hops or UNKNOWN


def _send_facts(send: Send, text: SentText, background: Background) -> tuple[tuple[str, str], ...]:
    kind = "message choisi par critères" if send.kind == "selected" else "première demande d'accord"
    return (
        ("Pour le compte de", background.sponsor_name(send.sponsor_id)),
        ("Scrutin", f"{send.election}, tour {send.round}"),
        ("Campagne, plan", f"{send.campaign_id}, {send.plan_id}"),
        ("Nature", kind),
        ("Choisi par", " ; ".join(text.criteria)),
        ("Remis à l'opérateur", instant_french(send.handed_over_at) if send.handed_over_at else "non remis"),
        ("État", f"{STATES[State(send.state)]}, depuis le {instant_french(send.state_at)}"),
        ("Origine des données indiquée", instant_french(send.origin_given_at) if send.origin_given_at else "non"),
        ("Opérateur d'envoi", f"{send.gateway}, n° {send.gateway_message_id or UNKNOWN}"),
        ("Expéditeur affiché", text.sender or UNKNOWN),
        ("N° d'envoi, empreinte du message", f"{send.send_id}, {send.message_sha256}"),
        ("Base qui a jugé", send.base_version),
    )


def _source_words(source: str, background: Background) -> str:
    return background.partner(source).legal_name if source in background.partners else source
