"""What the contracts share with the tests of single loaders and single kinds of tags."""

from __future__ import annotations

import sys
from pathlib import Path

for folder in ("datasets", "tags"):
    sys.path.insert(0, str(Path(__file__).parent.parent / folder))
