"""Which act may be done in which state, by whom. `perform` is the only way from one case to the next."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from brightline.authority import acts, aftermath, verdicts
from brightline.authority.case import Case, State
from brightline.authority.records import CLOCK, Records, Refusal
from brightline.permit.charter import Role
from brightline.permit.notation import Illegible
from brightline.permit.word import Word

FILE = "file"
_PUBLISHED = frozenset({State.IN_FORCE, State.VARIED})
_WORKING = frozenset({State.ACCEPTED, State.UNDER_REVIEW})
_ENDED = frozenset({State.RETURNED, State.WITHDRAWN, State.EXPIRED, State.RECALLED})
_ALIVE = frozenset(State) - _ENDED


@dataclass(frozen=True, slots=True)
class Act:
    """What it is, when it may be done, and by whom; APPLICANT is the case's own."""

    does: Callable[[Case, Word, Records], Case | Refusal]
    states: frozenset[State]
    roles: frozenset[str]


APPLICANT = "applicant"
_OFFICER, _EITHER = frozenset({Role.OFFICER.value}), frozenset({Role.OFFICER.value, APPLICANT})

ACTS = {
    "return": Act(acts.give_back, frozenset({State.TENDERED}), _OFFICER),
    "accept": Act(acts.accept, frozenset({State.TENDERED}), _OFFICER),
    "conflict": Act(acts.declare_conflict, _ALIVE, frozenset(Role)),
    "examine": Act(acts.examine, _WORKING, frozenset({Role.EXAMINER.value})),
    "stop": Act(acts.stop, _WORKING, _OFFICER),
    "restart": Act(acts.restart, frozenset({State.CLOCK_STOPPED}), _EITHER),
    "draft": Act(acts.draft, frozenset({State.UNDER_REVIEW, State.DRAFTED}), _OFFICER),
    "respond": Act(acts.respond, frozenset({State.DRAFTED}), frozenset({APPLICANT})),
    "sign": Act(verdicts.sign, frozenset({State.DRAFTED}), frozenset({Role.APPROVER.value})),
    "decide": Act(verdicts.decide, frozenset({State.DRAFTED}), _OFFICER),
    "publish": Act(verdicts.publish, frozenset({State.DECIDED}), _OFFICER),
    "vary": Act(aftermath.vary, _PUBLISHED | {State.DECIDED}, _OFFICER),
    "reassess": Act(aftermath.reassess, _PUBLISHED, _EITHER),
    "suspend": Act(aftermath.suspend, _ALIVE - {State.SUSPENDED}, _OFFICER),
    "resume": Act(aftermath.resume, frozenset({State.SUSPENDED}), _OFFICER),
    "withdraw": Act(aftermath.withdraw, _ALIVE, _EITHER),
    "recall": Act(aftermath.recall, frozenset(State) - {State.RECALLED}, _OFFICER),
    "expire": Act(
        aftermath.expire, _PUBLISHED | {State.SUSPENDED, State.UNDER_REVIEW, State.DRAFTED}, frozenset({CLOCK})
    ),
    "appeal": Act(aftermath.appeal, _ALIVE, frozenset({APPLICANT})),
    "rule": Act(aftermath.rule, _ALIVE, frozenset({Role.APPEALS.value})),
}


def perform(case: Case | None, word: Word, records: Records) -> Case | Refusal:
    """The case after the word, or why the word does not stand."""
    try:
        if case is None:
            return _first(word, records)
        trouble = barred(case, word, records)
        if trouble is not None:
            return trouble
        done = ACTS[word.act].does(case, word, records)
    except Illegible as illegible:
        return Refusal("ILLEGIBLE", f"{word.act}: {illegible}.")
    return done if isinstance(done, Refusal) else done.after(moved=word.at)


def _first(word: Word, records: Records) -> Case | Refusal:
    if word.act != FILE:
        return Refusal("NO-CASE", f"there is no case {word.case}.")
    case = acts.file(word, records)
    if isinstance(case, Case) and word.by != case.applicant:
        return Refusal("ROLE", f"{word.by} cannot file for {case.applicant}.")
    return case


def barred(case: Case, word: Word, records: Records) -> Refusal | None:
    """Why nobody, or not this person, may do this now, whatever the word says besides."""
    if word.act not in ACTS:
        return Refusal("NO-ACT", f"{word.act!r} is no act; known are {', '.join([FILE, *ACTS])}.")
    act = ACTS[word.act]
    if case.state not in act.states:
        fit = ", ".join(sorted(act.states)) if len(act.states) < 6 else "another state"
        return Refusal("STATE", f"case {case.number} is {case.state}; {word.act} needs {fit}.")
    if word.at < case.moved:
        return Refusal("CLOCK", f"the clock went back: case {case.number} moved at {case.moved:%Y-%m-%d %H:%M:%S} UTC.")
    if not _may(case, word, act, records):
        takes = " or ".join(sorted(act.roles))
        charter = records.charter(word.charter)
        if word.by in charter.holders and not charter.strangers([word.by], case.parties):
            party = f"{word.by} is a party to case {case.number}, and holds no office in it"
            return Refusal("ROLE", f"{party}: {word.act} takes somebody else, who is {takes}.")
        return Refusal("ROLE", f"{word.by} cannot {word.act} case {case.number}: that takes {takes}.")
    if word.by in case.conflicts and word.act != "conflict":
        return Refusal("CONFLICT", f"{word.by} declared a conflict in case {case.number}.")
    return None


def _may(case: Case, word: Word, act: Act, records: Records) -> bool:
    """A party to the case acts as the applicant only, whatever else it holds."""
    if CLOCK in act.roles:
        return word.by == CLOCK
    if word.by == case.applicant:
        return APPLICANT in act.roles
    charter = records.charter(word.charter)
    if word.by not in charter.holders or (word.act != "conflict" and not charter.strangers([word.by], case.parties)):
        return False
    return any(role in act.roles for role in charter.holders[word.by].roles)


def replay(words: Iterable[Word], records: Records) -> Case | None:
    """The case that a series of words leads to. Raises ValueError where one of them was never allowed."""
    case: Case | None = None
    for word in words:
        after = perform(case, word, records)
        if isinstance(after, Refusal):
            raise ValueError(f"{word.act} at {word.at}: {after.sentence}")  # noqa: TRY004 - a broken log, not a wrong type
        case = after
    return case
