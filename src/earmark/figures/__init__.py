"""Results and explored datasets as pages: one HTML file each, with all it needs inside.

`results_page` shows what came of scoring models, `explore_page` what is in a dataset. Both take the
documents that the commands print as JSON and return text. Figures are Plotly's; the page draws them
in its light and its dark theme, and has every number in a table too.
"""

from earmark.figures._explore import explore_page
from earmark.figures._results import results_page

__all__ = ["explore_page", "results_page"]
