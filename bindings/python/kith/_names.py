# SPDX-License-Identifier: Apache-2.0
"""The names of alternatives around quotas, so that a program need not spell them: `Metric.won_count == "won_count"`.

Every member is a text and goes wherever Kith takes or gives that name.
"""

from __future__ import annotations

from enum import StrEnum


class Metric(StrEnum):
    """What a quota counts."""

    won_amount = "won_amount"
    won_count = "won_count"
    new_customers = "new_customers"
    measure = "measure"


class Method(StrEnum):
    """How a quota got its amount."""

    fixed = "fixed"
    ratio = "ratio"
    equal = "equal"
    history = "history"
    bottom_up = "bottom_up"


class Grade(StrEnum):
    """How far a result got: 目標, 衝刺, 挑戰."""

    none = "none"
    target = "target"
    stretch = "stretch"
    challenge = "challenge"


class MeasureKind(StrEnum):
    """What a measure adds up."""

    count = "count"
    money = "money"
    number = "number"


class QuotaPlanState(StrEnum):
    """How a version of quotas stands."""

    draft = "draft"
    proposed = "proposed"
    agreed = "agreed"
    active = "active"
    superseded = "superseded"


class QuotaCheck(StrEnum):
    """What becomes of children that do not add up."""

    strict = "strict"
    report = "report"


class ReliefKind(StrEnum):
    """Why less is expected of somebody for a time."""

    leave = "leave"
    ramp = "ramp"


class DayBasis(StrEnum):
    """How days are counted."""

    calendar = "calendar"
    working = "working"
    thirty_360 = "thirty_360"


class MilestoneKind(StrEnum):
    """What stands on the way to a quota."""

    milestone = "milestone"
    obstacle = "obstacle"


class MilestoneStatus(StrEnum):
    """How it stands."""

    open = "open"
    done = "done"
    dropped = "dropped"


class GoalStatus(StrEnum):
    """How a quota stands on a day."""

    achieved = "achieved"
    on_track = "on_track"
    behind = "behind"
    overdue = "overdue"
    not_applicable = "not_applicable"


class ProgressKind(StrEnum):
    """Which figure a work moved."""

    commission = "commission"
    attainment = "attainment"


class Grain(StrEnum):
    """How long a period is."""

    month = "month"
    quarter = "quarter"
    year = "year"
    week = "week"
    period = "period"


class Language(StrEnum):
    """The languages that texts for people come in."""

    english = "en"
    chinese = "zh"
    japanese = "ja"


class Ranking(StrEnum):
    """How equals are numbered in report "quota_ranking": 1, 2, 2, 4 or 1, 2, 2, 3."""

    competition = "competition"
    dense = "dense"


class BonusKind(StrEnum):
    """How a bonus is shared."""

    pool = "pool"
    contest = "contest"
    spiff = "spiff"


class Ties(StrEnum):
    """What happens when several have one place of a contest."""

    share = "share"
    each = "each"


class DrawKind(StrEnum):
    """What is paid when earnings do not reach a draw."""

    recoverable = "recoverable"
    nonrecoverable = "nonrecoverable"
    guarantee = "guarantee"


class AmortizationKind(StrEnum):
    """What a line of a cost asset is."""

    expense = "expense"
    amortize = "amortize"
    write_off = "write_off"
