"""A new version of the charter: signed by enough of those who go and of those who come, as a TUF root is."""

from datetime import datetime

from brightline.authority.records import Refusal
from brightline.permit.charter import Charter, succeeds
from brightline.permit.envelope import Envelope


def adopt(
    newest: Charter, later: Charter, envelope: Envelope, at: datetime, published: datetime | None
) -> Refusal | None:
    """Why the later charter cannot be in force from now on; None where it can. `published`: when the last permit went out.

    A permit is verified under the charter that was in force when it was published; who checks that has the moments at
    which charters were issued, and not those at which they were adopted. So none may have been published in between.
    """
    trouble = succeeds(envelope, later, newest)
    if trouble is not None:
        return Refusal("CHARTER", f"{trouble}. `brightline charter sign` adds signatures.")
    if later.issued > at:
        return Refusal("TOO-EARLY", f"this charter says that it was issued {later.issued:%Y-%m-%d %H:%M:%S} UTC.")
    if published is not None and published > later.issued:
        return Refusal(
            "PUBLISHED-SINCE",
            f"a permit was published {published:%Y-%m-%d %H:%M:%S} UTC, after this charter was issued: draft it again.",
        )
    return None
