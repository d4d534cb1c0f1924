"""A search for the test that kills it: logs each fit and takes its time about it."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import tuning_tables

from earmark.models.recipe import fit
from earmark.tuning import _scoring
from earmark.tuning import search_parameters as tune

N_TRIALS = 14
JOBS = 2


def logged(recipe: Any, table: Any, **settings: Any) -> Any:
    """Write down what is about to be fitted; a line this short is written whole."""
    members = json.dumps(dict(recipe.members[0]), sort_keys=True)
    handle = os.open(os.environ["EARMARK_TEST_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{members}\n".encode())
    os.close(handle)
    time.sleep(0.03)
    return fit(recipe, table, **settings)


# In workers too. The test imports this file as well, and fits without a log.
if "EARMARK_TEST_LOG" in os.environ:
    _scoring.fit = logged

if __name__ == "__main__":
    tune(
        tuning_tables.made_up(spread=2.0),
        family="svm",
        space=tuning_tables.SVM,
        search="optuna",
        trials=N_TRIALS,
        storage=sys.argv[1],
        jobs=JOBS,
    )
