"""One self-contained page: no script, no request to anywhere, everything from inspected files escaped."""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from brightline import __version__
from brightline.decision.determination import Determination
from brightline.inspection.report import Inspection
from brightline.release.component import JUDGED, Component
from brightline.release.quantity import Interval
from brightline.reports.document import DISCLAIMER
from brightline.reports.phrasing import figure, size
from brightline.reports.picture import picture
from brightline.reports.text import clean


def render_html(inspection: Inspection, determinations: Sequence[Determination] = ()) -> str:
    """The report; without determinations it shows the inspection alone."""
    environment = Environment(
        loader=PackageLoader("brightline.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(figure=figure, size=size, clean=clean)
    environment.tests["interval"] = lambda value: isinstance(value, Interval)
    return environment.get_template("report.html.j2").render(
        inspection=inspection,
        determinations=determinations,
        components=[*JUDGED, Component.DOCUMENTATION],
        sizes={file.path: file.size for file in inspection.manifest.files},
        formats={file.path: file.format for file in inspection.files},
        picture=Markup(picture(inspection, determinations)),  # noqa: S704 - drawn by us, its texts escaped there
        disclaimer=DISCLAIMER,
        version=__version__,
    )
