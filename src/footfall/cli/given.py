"""Settings as a command is given them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from footfall.settings import Settings


def load_settings(**flags: Any) -> "Settings":
    """Settings with the flags that are not None.

    Raises:
        SettingInvalid: a value cannot be used; the message names the setting.
    """
    # Takes as long to import as all that help is made of, and who asks for help gives none.
    from footfall.settings import load_settings as load  # noqa: PLC0415

    return load(**flags)
