"""Link, copy or move files into folders: plan, apply, undo."""
