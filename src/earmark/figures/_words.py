"""What the page of results says of its figures, for those who have not seen such figures."""

from __future__ import annotations

__all__ = ["GAP", "INTERVALS", "PROTOCOLS", "RUN_SECTIONS"]

PROTOCOLS = {
    "random": "Rows are dealt into five folds at random. An artist, and where rows are segments a "
    "song, can be on both sides of a split.",
    "track": "Five folds that keep all of a track on one side. Its artist can be on both.",
    "artist": "Five folds that keep all of an artist on one side: the nearest to music that was "
    "never heard.",
    "official": "The split that was published with the corpus, one fit.",
    "official_artist_clean": "Of the official test rows, those none of whose artists is in the "
    "rows that were trained on.",
    "published3": "Three artist-filtered folds, as published.",
    "unseen": "A finished model, used as it is on rows it was not trained on; nothing is fitted. "
    "Where the dataset also holds rows it was trained on, those by the same artists are left out.",
    "unseen_known_artists": "A finished model on rows it was not trained on, by artists it was "
    "trained on.",
}

INTERVALS = (
    "Songs by one artist tend to be right or wrong together, so where artists are kept apart the "
    "interval resamples artists, and is wider than one that takes songs for independent."
)

GAP = (
    "A model trained on other songs of an artist can recognise the artist and seem to know "
    "the genre. The <strong>leakage gap</strong> is the accuracy that is lost once no artist is on "
    "both sides of the split: accuracy under <em>random</em> less that under <em>artist</em>, "
    "on the same rows. The larger it is, the less the random score says about new music."
)

RUN_SECTIONS = (
    (
        "Confusion matrix",
        "Each row is a true genre, each column what it was named. What is off the diagonal is "
        "wrong; the more a cell stands out from the page, the larger its share of the row.",
        ("confusion",),
        "confusion_table",
    ),
    (
        "All metrics",
        "Accuracy is the share of rows named rightly. The macro scores count every genre alike, "
        "however many rows it has.",
        ("metrics",),
        "",
    ),
    (
        "Precision, recall and F1",
        "Precision: of what was named a genre, how much is. Recall: of what is a genre, how much "
        "was found. F1 is their harmonic mean.",
        ("per_class",),
        "per_class_table",
    ),
    (
        "Calibration",
        "A model that is right as often as it is sure lies on the dashed diagonal. Points inside "
        "the band could lie there by chance alone.",
        ("calibration",),
        "calibration_table",
    ),
    (
        "Answering fewer, more accurately",
        "Answers below a confidence can be held back. Farther left fewer rows are answered; the "
        "curve says how many of those are right, the band is its 95 % interval. Points with too "
        "few answers to say anything are left out.",
        ("coverage",),
        "coverage_table",
    ),
    (
        "Which genres are alike: bars",
        "Where a genre is the most probable, another is second. The more often that is so, the "
        "more alike the two sound to the model.",
        ("second",),
        "",
    ),
    (
        "Which genres are alike: circle",
        "An arc is as long as the genre is often named. A ribbon is as wide at a genre's arc as "
        "the other one is often second there. Point at one, or tap it, to read its numbers.",
        ("chord",),
        "second_table",
    ),
    (
        "What the model listens to",
        "Each feature is shuffled among the test rows in turn. The accuracy that is lost then, "
        "with its 95 % interval, is what the model owes to that feature; features that say the "
        "same share it.",
        ("importances",),
        "importances_table",
    ),
)
"""Title, words, places, and place of the table, of each part about one run."""
