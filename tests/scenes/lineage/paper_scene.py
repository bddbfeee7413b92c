"""The sent demo with a folder for papers, for the tests of what papers tell and how they are sealed."""

from sealing.log.log import Log
from tests.scenes.sends.sent_demo import sent_demo


def paper_scene(tmp_path_factory):
    """Return the stores of the sent demo, its plan's id, and a folder for papers with an older checkpoint in a file."""
    stores, plan_id, older = sent_demo(tmp_path_factory.mktemp("papers"))
    out = tmp_path_factory.mktemp("out")
    (out / "older").write_text(older)
    return stores, plan_id, out


def newest_checkpoint(stores):
    """Return the last checkpoint of the log."""
    return Log.of(stores).last_checkpoint()
