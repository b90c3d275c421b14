"""How processes of the hub are changed from outside: this folder on PYTHONPATH, and a variable that says what."""

import os
from pathlib import Path

from app.cli.place import ROOT

WAYS = os.pathsep.join([str(Path(__file__).parent), str(ROOT)])
"""The PYTHONPATH of a process that is to be changed."""
