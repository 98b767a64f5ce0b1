"""Cleaning 清洗: a pipeline of named steps with typed verdicts over what came in. Pure.

`run_batch(submissions, rules)` normalises each submission and asks every step; the first quarantine or drop
decides, all remarks are kept, and the report counts and times each step.
"""

from .model import (
    CODE_LABELS,
    CODES,
    STEP_LABELS,
    BatchReport,
    Candidate,
    Cleaned,
    Code,
    CodeInfo,
    Mode,
    Rule,
    RuleSet,
    Step,
    StepResult,
    StepStats,
    Submission,
    Verdict,
)
from .normal import normalise, submission_as_json, submission_from_json
from .pipeline import Backtest, CodeCount, HistoricLead, backtest, clean_one, run_batch
from .rules import DEFAULT_RULES, PARAMETERS, rules_as_json, rules_from_json, validate

__all__ = [
    "CODES",
    "CODE_LABELS",
    "DEFAULT_RULES",
    "PARAMETERS",
    "STEP_LABELS",
    "Backtest",
    "BatchReport",
    "Candidate",
    "Cleaned",
    "Code",
    "CodeCount",
    "CodeInfo",
    "HistoricLead",
    "Mode",
    "Rule",
    "RuleSet",
    "Step",
    "StepResult",
    "StepStats",
    "Submission",
    "Verdict",
    "backtest",
    "clean_one",
    "normalise",
    "rules_as_json",
    "rules_from_json",
    "run_batch",
    "submission_as_json",
    "submission_from_json",
    "validate",
]
