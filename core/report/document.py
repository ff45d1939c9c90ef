"""The parts of a report: sections of paragraphs, figures and tables."""

from dataclasses import dataclass

from core.report.plot import Plot
from core.report.tables import Table


@dataclass(frozen=True)
class Section:
    """One part under its own heading.

    Attributes:
        name: Unique; the part's address in the page.
        title: Its heading.
        paragraphs: Sentences before the rest; `**` marks what is bold.
        parts: Figures and tables in their order.
    """

    name: str
    title: str
    paragraphs: tuple[str, ...] = ()
    parts: tuple[Plot | Table, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.paragraphs and not self.parts


@dataclass(frozen=True)
class Report:
    """The whole report.

    Attributes:
        title: Its title.
        abstract: What it is about and what it was made from.
        sections: Its parts, none of them empty.
    """

    title: str
    abstract: tuple[str, ...]
    sections: tuple[Section, ...]

    def plots(self) -> list[Plot]:
        """All figures."""
        return [part for part in self._parts() if isinstance(part, Plot)]

    def tables(self) -> list[Table]:
        """All tables."""
        return [part for part in self._parts() if isinstance(part, Table)]

    def _parts(self) -> list[Plot | Table]:
        return [part for section in self.sections for part in section.parts]
