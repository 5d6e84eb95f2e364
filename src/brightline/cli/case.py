"""`brightline case`: from filing to recall. Each command is one act, and says what it did and what comes next."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brightline.cli.saying import add_office, number, say, with_office

if TYPE_CHECKING:
    from brightline.assembly.office import Office
    from brightline.authority.case import Case

Body = Callable[[argparse.Namespace, "Case"], dict[str, Any]]
OFFICER, APPLICANT, EXAMINER, APPEALS, CLOCK = "officer", "applicant", "examiner", "appeals", "clock"


@dataclass(frozen=True, slots=True)
class Plain:
    """An act that only takes words: who does it unless --by says otherwise, its options, its body."""

    help: str
    by: str
    options: tuple[tuple[str, str], ...] = ()  # option, help; all are required texts
    body: Body = lambda _arguments, _case: {}


def _texts(*names: str) -> Body:
    return lambda arguments, _case: {name: getattr(arguments, name) for name in names}


PLAIN = {
    "return": Plain("give a filing back as incomplete", OFFICER, (("--reason", "what is missing"),), _texts("reason")),
    "conflict": Plain(
        "declare somebody's interest in this case",
        OFFICER,
        (("--person", "the holder who has it"), ("--text", "which interest")),
        _texts("person", "text"),
    ),
    "stop": Plain("stop the clock with a question", OFFICER, (("--question", "what is asked"),), _texts("question")),
    "restart": Plain(
        "start the clock again with the answer", APPLICANT, (("--answer", "the answer"),), _texts("answer")
    ),
    "decide": Plain("decide, where enough have signed and the hearing is over", OFFICER),
    "vary": Plain("open a decision again", OFFICER, (("--reason", "why"),), _texts("reason")),
    "reassess": Plain("ask for a reassessment", APPLICANT, (("--grounds", "what has changed"),), _texts("grounds")),
    "expire": Plain("write down that the permit's time is over", CLOCK),
    "appeal": Plain(
        "appeal against the decision, the tier, or the delay",
        APPLICANT,
        (("--against", "decision, tier or delay"), ("--grounds", "why")),
        _texts("against", "grounds"),
    ),
    "rule": Plain(
        "rule on the pending appeal",
        APPEALS,
        (("--outcome", "upheld or dismissed"), ("--text", "why")),
        _texts("outcome", "text"),
    ),
}
NEXT = {
    "tendered": "brightline case accept {n}",
    "accepted": "brightline case examine {n}",
    "under review": "brightline case draft {n}",
    "clock stopped": 'brightline case restart {n} --answer "..."',
    "draft decision": "brightline case sign {n} --key KEY.pem",
    "decided": "brightline case publish {n}",
    "in force": "brightline permit export {n} -o DIR",
    "varied": "brightline permit export {n} -o DIR",
    "suspended": 'brightline case resume {n} --reason "..."',
}


def case_arguments(command: argparse.ArgumentParser) -> None:
    from brightline.cli import casework

    command.description = "The process around one release."
    acts = command.add_subparsers(dest="act", metavar="ACT", required=True)
    casework.add_file(acts)
    _add(acts, "list", "all cases", list_cases)
    _add(acts, "show", "one case, with its record", show, numbered=True)
    _add(acts, "accept", "accept it as complete; the clock starts", accept, numbered=True)
    casework.add_examine(acts)
    casework.add_draft(acts)
    casework.add_sign(acts)
    _add(acts, "publish", "publish the permit; what cannot be undone waits for its delay", publish, numbered=True)
    respond = _add(acts, "respond", "be heard on a draft", respond_case, numbered=True)
    respond.add_argument("--text", required=True, help="what the applicant says")
    respond.add_argument("--waive", action="store_true", help="end the hearing: nothing more will be said")
    for name, text in (("suspend", ", for a while"), ("resume", " that was suspended"), ("withdraw", ", for good")):
        noticed = _add(acts, name, f"{name} a permit{text}", notice, numbered=True)
        noticed.add_argument("--reason", required=True, help="why")
    casework.add_recall(acts)
    for name, act in PLAIN.items():
        plain = _add(acts, name, act.help, plain_act, numbered=True)
        plain.add_argument("--by", metavar="WHO", help=f"who does it (default: the {act.by})")
        for option, text in act.options:
            plain.add_argument(option, required=True, help=text)


def _add(
    acts: Any, name: str, text: str, handler: Callable[[argparse.Namespace, "Office"], int], *, numbered: bool = False
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = acts.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
    )
    if numbered:
        command.add_argument("number", type=number, metavar="N", help="the case")
    add_office(command)
    command.set_defaults(handler=with_office(handler))
    return command


def done(arguments: argparse.Namespace, office: "Office", case: "Case", sentence: str) -> int:
    """What was done, and what usually comes next."""
    from brightline.assembly.describing import case_document

    following = NEXT.get(case.state.value, "").format(n=case.number)
    return say(
        arguments, case_document(case, office.clock()), [f"case {case.number}: {sentence} ({case.state})"], following
    )


def list_cases(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.describing import case_rows

    rows = office.read(case_rows)
    lines = [f"{row['number']:>4}  {row['state']:<14}  {row['title']} by {row['applicant']}" for row in rows]
    return say(arguments, {"cases": rows}, lines or ["there are no cases"], "" if rows else "brightline case file PATH")


def show(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.describing import case_lines, case_record

    record = office.read(lambda view: case_record(view, arguments.number, office.clock()))
    following = NEXT.get(record["state"], "").format(n=arguments.number)
    return say(arguments, record, case_lines(record), following)


def accept(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.filing import missing

    lacking = office.read(lambda view: missing(view, arguments.number))
    case = office.say("accept", arguments.number, office.officer(), {"missing": lacking})
    return done(arguments, office, case, f"accepted as complete; due {case.due:%Y-%m-%d}")


def publish(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.deciding import publish_case

    case = publish_case(office, arguments.number, office.officer())
    return done(arguments, office, case, f"published; in effect {case.issued[-1].effective:%Y-%m-%d %H:%M:%S} UTC")


def respond_case(arguments: argparse.Namespace, office: "Office") -> int:
    applicant = office.read(lambda view: view.case(arguments.number)).applicant
    case = office.say("respond", arguments.number, applicant, {"text": arguments.text, "waive": arguments.waive})
    return done(
        arguments, office, case, "the applicant was heard" + (", and the hearing is over" if arguments.waive else "")
    )


def notice(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.deciding import notice_case
    from brightline.permit.order import Effect

    effects = {"suspend": Effect.SUSPENDED, "resume": Effect.RESUMED, "withdraw": Effect.WITHDRAWN}
    effect = effects[arguments.act]
    case = notice_case(office, arguments.number, arguments.act, effect, office.officer(), arguments.reason)
    return done(arguments, office, case, f"{effect}, effective now")


def plain_act(arguments: argparse.Namespace, office: "Office") -> int:
    act = PLAIN[arguments.act]
    case = office.read(lambda view: view.case(arguments.number))
    people: dict[str, Callable[[], str]] = {
        OFFICER: office.officer,
        APPLICANT: lambda: case.applicant,
        CLOCK: lambda: "clock",
        APPEALS: lambda: "appeals",
    }
    by = getattr(arguments, "by", None) or people[act.by]()
    after = office.say(arguments.act, arguments.number, by, act.body(arguments, case))
    return done(arguments, office, after, f"{arguments.act} by {by}")
