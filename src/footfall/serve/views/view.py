"""Questions to the published tables, and which tables each is answered from."""

from collections.abc import Callable
from typing import Concatenate, Generic, ParamSpec, TypeVar

from footfall.serve.views.published import Published

Asked = ParamSpec("Asked")
Answer_co = TypeVar("Answer_co", covariant=True)


class View(Generic[Asked, Answer_co]):
    """A function of the published tables that sees first that they are there.

    Attributes:
        name: of the function, with its module.
        tables: what it reads: the answer is the same as long as their versions are.
    """

    def __init__(self, answer: Callable[Concatenate[Published, Asked], Answer_co], tables: tuple[str, ...]) -> None:
        self._answer = answer
        self.name = f"{answer.__module__}.{answer.__qualname__}"
        self.tables = tables
        self.__doc__ = answer.__doc__

    def __call__(self, published: Published, /, *asked: Asked.args, **named: Asked.kwargs) -> Answer_co:
        """The answer.

        Raises:
            NotPublished: a table is missing; it says which command makes it.
        """
        published.need(*self.tables)
        return self._answer(published, *asked, **named)


def reads(
    *tables: str,
) -> Callable[[Callable[Concatenate[Published, Asked], Answer_co]], View[Asked, Answer_co]]:
    """Say which tables a function of the published tables is answered from."""

    def viewed(answer: Callable[Concatenate[Published, Asked], Answer_co]) -> View[Asked, Answer_co]:
        return View(answer, tables)

    return viewed
