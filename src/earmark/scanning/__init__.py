"""Bringing a library up to date with folders: what is new, moved, changed, gone or has failed."""

from earmark.scanning._plan import ScanPlan
from earmark.scanning._report import ScanEvent, ScanReport, WarnedFile
from earmark.scanning._scan import Scan

__all__ = ["Scan", "ScanEvent", "ScanPlan", "ScanReport", "WarnedFile"]
