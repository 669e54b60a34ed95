"""Series -> anomalies -> incidents: what hardly happens by chance, judged as soon as a bucket is over."""

from footfall.anomaly.alarms import limits_of
from footfall.anomaly.baseline import Forecaster
from footfall.anomaly.detector import HISTORY, WARM_UP, WINDOWS
from footfall.anomaly.incidents import AGAIN_HOURS, TOGETHER_HOURS, Event, Incident
from footfall.anomaly.kin import Kin
from footfall.anomaly.memory import load, save
from footfall.anomaly.occasions import HOLIDAY, ORDINARY, SALE, Hour
from footfall.anomaly.policy import Budget, Policy, QuietHours, read_policy
from footfall.anomaly.watch import Judged, Watch

REVISION = 7
"""Raise it when hours are judged differently: what was remembered is then learnt anew."""

__all__ = [
    "AGAIN_HOURS",
    "HISTORY",
    "HOLIDAY",
    "ORDINARY",
    "REVISION",
    "SALE",
    "TOGETHER_HOURS",
    "WARM_UP",
    "WINDOWS",
    "Budget",
    "Event",
    "Forecaster",
    "Hour",
    "Incident",
    "Judged",
    "Kin",
    "Policy",
    "QuietHours",
    "Watch",
    "limits_of",
    "load",
    "read_policy",
    "save",
]
