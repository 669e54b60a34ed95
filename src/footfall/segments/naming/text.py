"""Words in the languages that Footfall speaks."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "fr"]


@dataclass(frozen=True)
class Text:
    """The same said in English and in French."""

    en: str
    fr: str

    def of(self, language: Language) -> str:
        """Say it in a language."""
        return self.fr if language == "fr" else self.en
