"""What the contracts share with the tests of single loaders."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "datasets"))
