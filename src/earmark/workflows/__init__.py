"""One module for each thing people do with Earmark; they return values and never print."""
