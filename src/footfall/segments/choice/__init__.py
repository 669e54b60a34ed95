"""How many segments there are: measures of every number from 2 to 12, and the rule that chooses one."""

from footfall.segments.choice.choose import Candidate, Choice, choose_k
from footfall.segments.choice.resampling import Effort
from footfall.segments.choice.table import k_selection, numbers_chosen

__all__ = ["Candidate", "Choice", "Effort", "choose_k", "k_selection", "numbers_chosen"]
