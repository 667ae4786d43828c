"""Where things lie. Everything that `./dev` makes is under `.venv/` and `.local/`; nothing else on the machine changes."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
LOCAL = Path(os.environ.get("HUIYIN_LOCAL") or REPOSITORY / ".local").resolve()  #: data, logs and state; a second system has its own
TOOLS = REPOSITORY / ".local" / "root"  #: unpacked Debian packages, shared by every system and every test run
SERVICES = {"console": 8800, "intake": 8801, "dispatch": 8802, "sla": 8803, "notify": 8804}  #: name -> preferred port
