"""What the applicant says of the release: evidence of provenance `declared`, never fact."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from brightline.release.component import Component
from brightline.release.quantity import Interval


@dataclass(frozen=True, slots=True)
class Declaration:
    """Every figure is an interval or absent. `components` overrides the table of kinds: glob -> component."""

    title: str | None = None
    parameters: Interval | None = None
    active_parameters: Interval | None = None
    training_tokens: Interval | None = None
    training_compute: Interval | None = None  # FLOP, as the applicant computed it
    device_hours: Interval | None = None
    device_peak: Interval | None = None  # FLOP per second of one device, at the precision used
    utilisation: Interval | None = None  # share of the peak, 0 to 1
    training_cost: Interval | None = None  # USD
    finetune_compute: Interval | None = None  # FLOP of this modification alone
    finetune_cost: Interval | None = None  # USD
    base_model: str | None = None
    base_compute: Interval | None = None  # FLOP of the base model's training
    developer_revenue: Interval | None = None  # USD a year, with affiliates
    eu_business_users: Interval | None = None
    modalities: tuple[str, ...] | None = None  # what it generates: text, code, speech, image, video, other
    synthetic_data: bool | None = None
    data_sources: tuple[str, ...] = ()
    licences: Mapping[str, str] = field(default_factory=dict)  # component -> SPDX expression
    intended_access: Mapping[Component, str] = field(default_factory=dict)
    components: Mapping[str, Component] = field(default_factory=dict)
    origin: str = "nothing declared"  # the file that was read
