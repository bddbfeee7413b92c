"""Assets for what operators edit: dossiers, rules, sponsors, the controller, segment definitions.

Reading and checking the files belongs to `consent` and `sends.orders`; an asset takes the snapshot and counts.
"""

from collections.abc import Callable, Iterator

import dagster as dg

from assets import vocabulary as words
from consent.acts.form_stops import take_form_stops_snapshot
from consent.dossiers.controller import take_controller_snapshot
from consent.dossiers.dossier_snapshots import absent_partners, take_dossier_snapshot
from consent.dossiers.dossiers import read_dossiers
from consent.dossiers.notice_linter import lint_dossier
from consent.rules.registry import take_rules_snapshot
from sends.inbound.agreements import hand_in_yeses, with_own_dossier
from sends.orders.segment_snapshots import take_segments_snapshot, take_sponsors_snapshot
from staff.signed_configuration import Part, require_signed
from stores.all_stores import Stores
from stores.snapshots import Snapshot


@dg.asset(
    key_prefix="configuration",
    group_name=words.CONFIGURATION,
    owners=words.DATA_PROTECTION,
    kinds={"yaml"},
    check_specs=[
        dg.AssetCheckSpec(
            "every_dossier_reads",
            asset=["configuration", "dossiers"],
            description="Each dossier can be read; of one that cannot, file, line and field are told.",
        ),
        dg.AssetCheckSpec(
            "no_partner_is_missing",
            asset=["configuration", "dossiers"],
            description="Every partner whose facts hold still has a dossier folder.",
        ),
        dg.AssetCheckSpec(
            "notices_say_what_is_declared",
            asset=["configuration", "dossiers"],
            description="Each text says the recipients, purposes, channels and targeting that its dossier declares.",
        ),
    ],
)
def dossiers(
    writing_stores: dg.ResourceParam[Stores],
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """What the company knows of each partner: contract, chain, audits, form versions, texts shown, feeds.

    A dossier that cannot be read keeps its last facts; its partner's new files are held.
    """
    require_signed(writing_stores, Part.DOSSIERS)
    hand_in_yeses(writing_stores)
    partners = read_dossiers(writing_stores.settings.partners)
    found = with_own_dossier(writing_stores, partners)
    snapshots = writing_stores.snapshots
    snapshot = take_dossier_snapshot(snapshots, found, writing_stores.clock.now())
    problems = [str(problem) for problem in found.problems]
    yield dg.MaterializeResult(
        metadata={
            **words.counts(partners=len(found.dossiers), unreadable=len(problems)),
            "snapshot": snapshot.sha256,
        }
    )
    yield dg.AssetCheckResult(
        check_name="every_dossier_reads",
        passed=not problems,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"problems": problems},
    )
    absent = [f"{partner} has no dossier folder; its last facts hold" for partner in absent_partners(snapshots, found)]
    yield dg.AssetCheckResult(
        check_name="no_partner_is_missing",
        passed=not absent,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"problems": absent},
    )
    told = [
        f"{partner} {item.notice_id}: {item.sentence()}"
        for partner, dossier in partners.dossiers.items()  # our own is read out of the texts themselves
        for item in lint_dossier(dossier)
    ]
    yield dg.AssetCheckResult(
        check_name="notices_say_what_is_declared",
        passed=not told,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"contradictions": told},
    )


def _snapshot_asset(
    name: str, description: str, take: Callable[[Stores], Snapshot], owners: list[str]
) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        key_prefix="configuration",
        group_name=words.CONFIGURATION,
        owners=owners,
        kinds={"yaml"},
        description=description,
    )
    def snapshot_asset(writing_stores: dg.ResourceParam[Stores]) -> dg.MaterializeResult[None]:
        snapshot = take(writing_stores)
        return dg.MaterializeResult(metadata={"snapshot": snapshot.sha256, "number": snapshot.number})

    return snapshot_asset


def _take_signed_rules(stores: Stores) -> Snapshot:
    require_signed(stores, Part.RULES)
    return take_rules_snapshot(stores.snapshots, stores.settings.config / "rules", stores.clock.now())


rules = _snapshot_asset(
    "rules",
    "The law and our policy as dated records: code, source, effect per profile, from and until.",
    _take_signed_rules,
    words.DATA_PROTECTION,
)
form_stops = _snapshot_asset(
    "form_stops",
    "Form versions that we switched off by command; each counts from its own instant.",
    take_form_stops_snapshot,
    words.DATA_PROTECTION,
)
sponsors = _snapshot_asset(
    "sponsors",
    "Candidates and parties that pay, by the names under which a notice may name them.",
    lambda stores: take_sponsors_snapshot(stores.snapshots, stores.settings.config / "sponsors", stores.clock.now()),
    words.CAMPAIGNS,
)
controller = _snapshot_asset(
    "controller",
    "The controller's legal name: a notice that does not name it gives it nothing.",
    lambda stores: take_controller_snapshot(stores.snapshots, stores.settings.config, stores.clock.now()),
    words.DATA_PROTECTION,
)
segment_definitions = _snapshot_asset(
    "segment_definitions",
    "Named segments as rows of typed criteria; a forbidden criterion does not load.",
    lambda stores: take_segments_snapshot(stores.snapshots, stores.settings.config / "segments", stores.clock.now()),
    words.CAMPAIGNS,
)

ASSETS = [dossiers, form_stops, rules, sponsors, controller, segment_definitions]
