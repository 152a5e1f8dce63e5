"""Prompt to plan: the compiler of the motion language, and the ways a plan is written down."""

from photoplay.engines.motion.language.describe import BuiltInExtender, Extender, extend_plan
from photoplay.engines.motion.language.facts import PhotoFacts, facts_of
from photoplay.engines.motion.language.meaning import Meaning, SentenceMeaning, shared_meaning
from photoplay.engines.motion.language.mentions import SOUND_WORDS
from photoplay.engines.motion.language.plan import plan_from_prompt
from photoplay.engines.motion.language.plantext import PlanRow, plan_rows, render_plan_text
from photoplay.engines.motion.language.shotscript import format_shot, parse_shot
from photoplay.engines.motion.language.timeline import move_name

__all__ = [
    "SOUND_WORDS",
    "BuiltInExtender",
    "Extender",
    "Meaning",
    "PhotoFacts",
    "PlanRow",
    "SentenceMeaning",
    "extend_plan",
    "facts_of",
    "format_shot",
    "move_name",
    "parse_shot",
    "plan_from_prompt",
    "plan_rows",
    "render_plan_text",
    "shared_meaning",
]
