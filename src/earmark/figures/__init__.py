"""Reports as pages: one HTML file each that needs nothing else.

`results_page` shows the scores of models, `explore_page` describes a dataset, and `tuning_page`
shows a parameter search. Each takes the document that its command prints as JSON and returns text.
Plotly draws the figures, in a light and a dark theme, and tables hold the same numbers.
"""

from earmark.figures._explore_page import explore_page
from earmark.figures._results_page import results_page
from earmark.figures._tuning_page import tuning_page

__all__ = ["explore_page", "results_page", "tuning_page"]
