"""The table `[notify]` of `alerts.toml`: who is told of incidents, and in which language."""

import os
import re
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from footfall.errors import SettingInvalid
from footfall.publish.channel import Channel, open_channels
from footfall.publish.language import Language

VARIABLE = "FOOTFALL_NOTIFY"
# A comma may stand in a URL: only one before the next scheme separates two of them.
_BETWEEN = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")


class Notify(BaseModel):
    """Channels are Apprise URLs. They hold secrets: the environment may hold them instead (`FOOTFALL_NOTIFY`)."""

    # A model that includes this one must hide its input too: errors of pydantic show it otherwise.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    channels: tuple[SecretStr, ...] = ()
    language: Language = "en"

    @field_validator("channels")
    @classmethod
    def _known(cls, urls: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        try:
            open_channels([url.get_secret_value() for url in urls])
        except SettingInvalid as error:
            raise ValueError(str(error)) from None
        return urls

    def open(self, environment: Mapping[str, str] = os.environ) -> tuple[Channel, ...]:
        """The channels: those of `FOOTFALL_NOTIFY` where it is set, those of the file otherwise.

        Raises:
            SettingInvalid: a URL of the variable is none that Apprise knows, or Apprise is not installed.
        """
        named = environment.get(VARIABLE, "").strip(" \t\r\n,")
        if not named:
            return open_channels([url.get_secret_value() for url in self.channels])
        try:
            return open_channels(_BETWEEN.split(named))
        except SettingInvalid as error:
            raise SettingInvalid(f"environment {VARIABLE}: {error}") from None
