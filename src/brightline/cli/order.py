"""`brightline order`: this release, these callers, from now, until."""

import argparse
from typing import TYPE_CHECKING, Any

from brightline.cli.failure import Exit, Failure
from brightline.cli.saying import add_office, moment, number, say, with_office

if TYPE_CHECKING:
    from brightline.assembly.office import Office
    from brightline.authority.orders import Ordered


def order_arguments(command: argparse.ArgumentParser) -> None:
    command.description = "Orders against a release, effective at once."
    acts = command.add_subparsers(dest="act", metavar="ACT", required=True)
    issue = acts.add_parser(
        "issue",
        help="bar callers from components of a release, now",
        description="Bar callers from components of a release, now.",
        allow_abbrev=False,
    )
    issue.add_argument("--release", required=True, metavar="R", help="a case's number, or a manifest digest sha256:...")
    issue.add_argument(
        "--component",
        action="append",
        required=True,
        metavar="C",
        help="source, software, data, weights or documentation; may be given several times",
    )
    issue.add_argument(
        "--callers",
        default="everybody",
        metavar="EXPR",
        help="everybody (default), or `country in {X, Y} and not organisation in {Z}`",
    )
    issue.add_argument(
        "--until", type=moment, metavar="T", help="a day, a moment or a span from now (default: until it is lifted)"
    )
    issue.add_argument("--reason", default="by order of the office", help="why")
    lift = acts.add_parser("lift", help="end an order", description="End an order.", allow_abbrev=False)
    lift.add_argument("number", type=number, metavar="N", help="the order")
    lift.add_argument("--reason", default="no longer needed", help="why")
    listed = acts.add_parser("list", help="all orders", description="All orders.", allow_abbrev=False)
    for sub, handler in ((issue, issue_order), (lift, lift_order), (listed, list_orders)):
        add_office(sub)
        sub.set_defaults(handler=with_office(handler))


def issue_order(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly import ordering
    from brightline.permit.notation import Illegible
    from brightline.permit.statement import digest_of
    from brightline.release.component import Component

    if set(arguments.component) - set(Component):
        raise Failure(Exit.USAGE, f"components are {', '.join(Component)}.")
    parts = tuple(Component(word) for word in dict.fromkeys(arguments.component))
    if arguments.release.isdigit():
        manifest = office.read(lambda view: view.case(int(arguments.release))).manifest
    else:
        try:
            manifest = digest_of(arguments.release)
        except Illegible as trouble:
            raise Failure(Exit.USAGE, f"--release: {trouble}") from None
    ordered = ordering.issue_order(office, manifest, parts, arguments.callers, arguments.reason, arguments.until)
    following = f"brightline order lift {ordered.order.number}, when it has done its work"
    return say(arguments, _document(ordered, office), [_line(ordered, office)], following)


def lift_order(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly import ordering

    ordered = ordering.lift_order(office, arguments.number, arguments.reason)
    return say(arguments, _document(ordered, office), [_line(ordered, office)])


def list_orders(arguments: argparse.Namespace, office: "Office") -> int:
    from brightline.assembly.ordering import orders_on

    found: list[Ordered] = office.read(orders_on)
    return say(
        arguments,
        {"orders": [_document(one, office) for one in found]},
        [_line(one, office) for one in found] or ["there are no orders"],
    )


def _line(ordered: "Ordered", office: "Office") -> str:
    order = ordered.order
    runs = "runs" if ordered.runs(office.clock()) else "ended"
    until = "until it is lifted" if order.until is None else f"until {order.until:%Y-%m-%d %H:%M} UTC"
    return f"order {order.number} ({runs}): {order.callers} barred from {', '.join(order.components)} of {order.manifest[:23]}…, {until}: {order.reason}"


def _document(ordered: "Ordered", office: "Office") -> dict[str, Any]:
    from brightline.assembly.describing import order_document

    return order_document(ordered, office.clock())
