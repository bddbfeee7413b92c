"""The asset of hand-overs: one dynamic partition per plan, downstream of the published base.

Judging, claiming and handing over stand in `sends.sender`.
"""

import dagster as dg

from assets import vocabulary as words
from sends.house import SendStores
from sends.sender import send_plan
from stores.house import House

PLANS = dg.DynamicPartitionsDefinition(name="plans")


class SendLimit(dg.Config):
    """How many messages this run may hand over at most; none = the whole plan."""

    limit: int | None = None


@dg.asset(
    deps=["published_base", "segment_members"],
    partitions_def=PLANS,
    group_name=words.SENDS,
    owners=words.CAMPAIGNS,
    kinds={"sms"},
)
def sends(
    context: dg.AssetExecutionContext, config: SendLimit, house: dg.ResourceParam[House]
) -> dg.MaterializeResult[None]:
    """Messages of one approved plan, each judged again at the instant at which it left for the gateway."""
    report = send_plan(SendStores.of(house), context.partition_key, limit=config.limit, progress=context.log.info)
    return dg.MaterializeResult(metadata=report.to_json())


ASSETS = [sends]
