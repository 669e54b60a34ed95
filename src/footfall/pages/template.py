"""Templates of pages: a room's own beside those that all share."""

from collections.abc import Callable, Mapping

import jinja2


def template(room: str, name: str, filters: Mapping[str, Callable[..., object]]) -> jinja2.Template:
    """A template of a room, which may include its own and the shared ones (`page.css`). Texts are escaped.

    Args:
        room: the package that has a folder `templates`.
        name: of the template.
        filters: what it may call on its values.
    """
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(room), jinja2.PackageLoader("footfall.pages")]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters
    return environment.get_template(name)
