"""Keras v3 files: a zip of config.json, metadata.json and weights in HDF5.

Source: keras/src/saving/saving_lib.py, serialization_lib.py.
"""

from brightline.inspection.formats import configuration
from brightline.inspection.formats.anomaly import anomalies
from brightline.inspection.probe import Malformed, Probe
from brightline.release.archive.damaged import Damaged
from brightline.release.archive.zip import open_zip
from brightline.release.reader import Reader, Unreadable

RULES = ()


def inspect(reader: Reader, probe: Probe) -> None:
    """The configuration is judged here, so that its findings carry the model's name; other members are files of their own."""
    try:
        archive = open_zip(reader, anomalies(probe))
    except Damaged as trouble:
        raise Malformed(str(trouble), trouble.offset) from None
    for member in archive.members if not archive.bomb else ():
        if member.is_folder:
            continue
        try:
            content = archive.open(member)
            if member.name == "config.json" and content.size <= configuration.SIZE:
                configuration.judge(configuration.parse(content.read(0, content.size), probe), probe)
            else:
                probe.nested(member.name, content)
            archive.check_crc(member, content)
        except Unreadable as trouble:
            archive.anomaly("truncated", f"{member.name}: {trouble}", member.offset)
