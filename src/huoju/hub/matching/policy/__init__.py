"""What is compared and what agreement weighs: pure."""

from .design import (
    OTHER,
    Agreement,
    Comparison,
    Design,
    Level,
    Pair,
    Share,
    Weights,
    as_content,
    fitted,
    problems,
    read_weights,
)
from .features import BLOCKS, FEATURES, Record, features_of
from .figures import EDGES, Band, Judged, Trial, bands, count_bands, recommend, trial
from .persons import PERSONS

__all__ = [
    "BLOCKS",
    "EDGES",
    "FEATURES",
    "OTHER",
    "PERSONS",
    "Agreement",
    "Band",
    "Comparison",
    "Design",
    "Judged",
    "Level",
    "Pair",
    "Record",
    "Share",
    "Trial",
    "Weights",
    "as_content",
    "bands",
    "count_bands",
    "features_of",
    "fitted",
    "problems",
    "read_weights",
    "recommend",
    "trial",
]
