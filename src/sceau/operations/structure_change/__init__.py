"""A structure that closes, is absorbed or changes identity: opened, planned thing by thing, confirmed by two
officers, and carried out, each thing on its day. Its verbs are named from here.
"""

from sceau.operations.structure_change.carrying import advance_structure_changes
from sceau.operations.structure_change.deciding import (
    LaterDays,
    confirm_structure_change,
    move_change_days,
    propose_structure_change,
    reopen_structure_change,
)
from sceau.operations.structure_change.grace import GraceEntry, ask_grace, decide_grace
from sceau.operations.structure_change.planning import (
    ChangeEntry,
    ThingAnswer,
    answer_structure_change,
    attach_change_evidence,
    drop_structure_change,
    open_structure_change,
    start_following,
)

__all__ = [
    "ChangeEntry",
    "GraceEntry",
    "LaterDays",
    "ThingAnswer",
    "advance_structure_changes",
    "answer_structure_change",
    "ask_grace",
    "attach_change_evidence",
    "confirm_structure_change",
    "decide_grace",
    "drop_structure_change",
    "move_change_days",
    "open_structure_change",
    "propose_structure_change",
    "reopen_structure_change",
    "start_following",
]
