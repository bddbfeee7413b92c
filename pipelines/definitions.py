"""The code location that `workspace.yaml` names. It is tiny on purpose: everything is built in `pipelines.build`."""

from pipelines.build import build_defs

defs = build_defs()
