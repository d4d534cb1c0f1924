"""Write genres into the tags of files: plan, apply, undo."""
