"""The staff of a home of `staging`: persons with accounts and OpenSSH keys of their own, who act one after another.

Which account runs a command is played, because tests run as one; the keys and signatures are `ssh-keygen`'s.
"""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

from staff import acting, enrolment
from staff.decisions import decide
from staff.enrolment import enrol
from staff.signed_configuration import Part, configuration_decision, folder_of
from staff.ssh_signatures import read_public_key
from stores.all_stores import open_stores
from stores.home import init_home
from stores.migrations.migrate import migrate
from terms.settings import PROJECT_ROOT, load_settings

NOW = "2027-03-01T10:00:00+01:00"
ROLES = {
    "dora": ["dpo"],
    "lea": ["legal"],
    "ada": ["approver"],
    "ed": ["engineer"],
    "paul": ["planner", "approver"],
}


def sign_part(stores, part):
    """Sign a part of the configuration as it is now, as `filiation staff sign` does."""
    decide(stores, configuration_decision(part, folder_of(stores.settings, part)))


class Staff:
    """A home with these persons in `config/staff/`, of whom the dpo founded the register and entered the others."""

    def __init__(self, folder: Path, monkeypatch):
        self.folder, self._monkeypatch = folder, monkeypatch
        shutil.copytree(PROJECT_ROOT / "config", folder / "config")
        self.told = {name: self._person(name) for name in ROLES}
        self.write()
        root = read_public_key(self.told["dora"]["keys"][0]["public_key"]).fingerprint
        environ = {"FILIATION_ENV": "staging", "FILIATION_HOME": str(folder / "home"), "FILIATION_NOW": NOW}
        environ |= {"FILIATION_CONTACT_KEY": "c" * 40, "FILIATION_VAULT_KEY": "v" * 40, "FILIATION_STAFF_ROOT": root}
        self.settings = load_settings(environ | {"FILIATION_CONFIG": str(folder / "config")})
        init_home(self.settings)
        self.stores = open_stores(self.settings)
        migrate(self.stores.engine)

    def found(self):
        """Enrol everybody, and sign all of the configuration."""
        for name in ROLES:
            enrol(self.acts("dora"), name)
        for name, parts in (("dora", ("staff", "retention")), ("lea", ("rules", "prices", "dossiers"))):
            for part in parts:
                sign_part(self.acts(name), Part(part))
        return self

    def acts(self, name, key=None):
        """Return the stores as a person's process has them: its account, and the key that its settings name."""
        for module in (acting, enrolment):
            self._monkeypatch.setattr(module, "os_account", lambda: f"account-of-{name}")
        return replace(self.stores, settings=replace(self.settings, ssh_identity=self.folder / (key or name)))

    def write(self):
        path = self.folder / "config" / "staff" / "persons.yaml"
        path.write_text(json.dumps({"persons": list(self.told.values())}))

    def new_key(self, name):
        """Make a key pair in a file of this name, and return its public line."""
        file = self.folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(file)], check=True)
        return file.with_suffix(".pub").read_text().strip()

    def _person(self, name):
        keys = [{"public_key": self.new_key(name)}]
        roles = [{"role": role} for role in ROLES[name]]
        return {"id": name, "name": name, "os_account": f"account-of-{name}", "keys": keys, "roles": roles}
