"""In: a field that had another name in 0.1; out: that name beside it in answers, marked as deprecated, until 0.3.

Programs that read a former name keep working; requests may use former names too. docs/upgrading.md lists them.
"""

from operator import attrgetter
from typing import Any

from pydantic import computed_field


def former_name(name: str, kind: Any) -> Any:
    """A computed field that answers the field `name`; assign it to the former name. `kind`: the field's type."""
    # Not in the repr: there it would raise, and hide the error, where a shape could not be made.
    marked = computed_field(
        return_type=kind, repr=False, description=f"Former name of `{name}`.", json_schema_extra={"deprecated": True}
    )
    return marked(property(attrgetter(name)))


def replace_former_names(body: Any, names: dict[str, str]) -> Any:
    """A request's JSON object with former field names replaced by today's; where it has both, today's counts."""
    if not isinstance(body, dict):
        return body
    today = {names[key]: value for key, value in body.items() if key in names}
    return today | {key: value for key, value in body.items() if key not in names}
