"""The sample's base with its demo campaign sent, reported and sealed, for tests of what can be told of it afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

from sample.make_sample import ROOT as SAMPLE
from sealing.seals.seal import seal
from sends.gateways.routes import open_gateway
from sends.gateways.settings import read_gateway
from sends.handover.sender import send_plan
from sends.inbound.listener import take_in
from sends.plans.approval import approve_plan
from sends.plans.planning import plan_campaign
from stores.all_stores import Stores, open_stores
from terms.settings import PROJECT_ROOT, load_settings
from tests.scenes.sends.small_send_home import point_gateway, simulator
from tests.scenes.whole_chain import run_chain


def sent_demo(folder: Path) -> tuple[Stores, str, str]:
    """Return the stores, the plan's id, and a checkpoint from before the plan."""
    return send_demo(folder, "demo", SAMPLE / "landing")


def send_demo(folder: Path, environment_name: str, landing: Path) -> tuple[Stores, str, str]:
    """Do the same with other partner files, in their environment."""
    shutil.copytree(PROJECT_ROOT / "config", folder / "config")
    environment = {"FILIATION_ENV": environment_name, "FILIATION_HOME": str(folder / "home")}
    environment |= {"FILIATION_CONFIG": str(folder / "config")}
    morning = load_settings(environment | {"FILIATION_NOW": "2026-11-24T09:00:00+01:00"})
    chain = run_chain(morning, landing, SAMPLE / "open_data")
    seal(chain.stores)
    older = (chain.stores.home.log / "checkpoint").read_text()
    stores = open_stores(load_settings(environment | {"FILIATION_NOW": "2026-11-24T10:05:00+01:00"}))
    plan_id = plan_campaign(stores, folder / "config" / "campaigns" / "demo.yaml").plan_id
    approve_plan(stores, plan_id, "Camille Second")
    with simulator() as running:
        point_gateway(stores, running.url)
        gateway = open_gateway(read_gateway(stores.settings.config / "gateways", "simulator"))
        take_in(stores, "simulator", gateway, 0.0)
        send_plan(stores, plan_id)
        while take_in(stores, "simulator", gateway, 1.0).reports:
            pass
    seal(stores)
    return stores, plan_id, older
