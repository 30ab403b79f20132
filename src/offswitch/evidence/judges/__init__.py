"""Judges: opinions of models on what happened, with citations, whose error is measured.

Facts come from the journal (`offswitch.evidence.outcome`); what stands here is opinion. The two are
never mixed in one column. A judge that cannot tell, fails or cites what is not there abstains.
"""

from offswitch.evidence.judges.conversation import Conversation, Said, conversation_of
from offswitch.evidence.judges.judge import Brief, Judge, brief, opinion
from offswitch.evidence.judges.model import ModelJudge
from offswitch.evidence.judges.offline import OfflineJudge
from offswitch.evidence.judges.panel import Panel, Rule, decide
from offswitch.evidence.judges.rubric import Rubric, get_rubric, rubric_names
from offswitch.evidence.judges.scorer import judge_scorer, make_judge
from offswitch.evidence.judges.verdict import Citation, Reason, Verdict

__all__ = [
    "Brief",
    "Citation",
    "Conversation",
    "Judge",
    "ModelJudge",
    "OfflineJudge",
    "Panel",
    "Reason",
    "Rubric",
    "Rule",
    "Said",
    "Verdict",
    "brief",
    "conversation_of",
    "decide",
    "get_rubric",
    "judge_scorer",
    "make_judge",
    "opinion",
    "rubric_names",
]
