"""How fast a plan leaves over SMPP, every claim durable and reports taken in, against a bare window of the same client.

`python -m tests.scenes.sends.send_rate MESSAGES [LIMIT]` prints one JSON line. CPU seconds are told besides wall seconds:
other load on the machine disturbs them less. What must hold is tested elsewhere; nothing here is a test.
"""

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

from sends.gateways.gateway import Outgoing
from sends.gateways.routes import open_gateway
from sends.handover.sender import send_plan
from sends.ledger.states import REPORTED
from sends.plans.status import campaign_status
from tests.scenes.sends.gateway_routes import hand_over_all, write_settings
from tests.scenes.sends.kill_scene import KillScene
from tests.scenes.sends.small_send_home import bench_number, point_gateway


def _measured(work) -> tuple[int, float, float]:
    """Messages, wall seconds and CPU seconds of this process."""
    wall, cpu = time.monotonic(), time.process_time()
    number = work()
    return number, time.monotonic() - wall, time.process_time() - cpu


def _seconds_of(pid: int) -> float:
    """CPU seconds that another process took so far."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def _bare(folder: Path, port: int, number: int) -> int:
    """The same client, window and SMSC, without ledger, judgement, vault and listener."""
    gateway = open_gateway(write_settings(folder, "smsc", url=f"smpp://127.0.0.1:{port}"))
    text = "Parti de l'Horizon : reunion jeudi 18 h. STOP 36111"
    outgoing = (Outgoing(f"{i:032x}.1", bench_number(900_000 + i), "HORIZON27", text, 120) for i in range(number))
    answered = len(hand_over_all(gateway, outgoing))
    gateway.close()
    return answered


def measure(number: int, limit: int) -> dict[str, object]:
    """Send a plan and a bare loop of the same size, in the same run, and return the rates."""
    folder = Path(tempfile.mkdtemp(prefix="filiation-rate-"))
    scene = KillScene(folder, number * 10 // 9, rate=limit, name="bench")
    point_gateway(scene.stores, f"smpp://127.0.0.1:{scene.port}", "smsc", rate_per_second=limit)
    scene.start_world()
    try:
        bare = folder / "bare"
        bare.mkdir()
        beside = {name: _seconds_of(scene.running[name].pid) for name in ("listen", "smsc")}
        ours = _measured(lambda: send_plan(scene.stores, scene.plan_id).accepted)
        beside = {name: round(_seconds_of(scene.running[name].pid) - cpu, 2) for name, cpu in beside.items()}
        reports = campaign_status(scene.stores, scene.plan_id).states
        # after ours: the listener hears the bare loop's reports too, and they would stand before ours
        floor = _measured(lambda: _bare(bare, scene.port, number))
    finally:
        scene.stop()
    told: dict[str, object] = {"messages": ours[0], "limit": limit}
    told |= {"per_second": round(ours[0] / ours[1]), "per_cpu_second": round(ours[0] / ours[2])}
    told |= {"bare_per_second": round(floor[0] / floor[1]), "bare_per_cpu_second": round(floor[0] / floor[2])}
    told |= {"cpu_seconds": {"sender": round(ours[2], 2), **beside}}
    told |= {"reported_by_then": sum(reports.get(state, 0) for state in REPORTED)}
    told |= {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}
    return told


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)))
