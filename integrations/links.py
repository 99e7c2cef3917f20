"""What the Integrations page is made of."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Action:
    """A button.

    Attributes:
        about: what it is about, where the label alone does not say it.
        fields: what it sends besides, by name.
    """

    label: str
    url: str
    method: str = "get"
    kind: str = "primary"
    about: str = ""
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far something is. Where nobody knows how much there is, `maximum` is None."""

    value: int
    maximum: int | None


@dataclass(frozen=True, kw_only=True)
class Link:
    """One thing that must work before calls are logged.

    Attributes:
        state: `ok`, `todo` (never done), `broken` (worked once) or `waiting` (up to somebody else).
        is_for_admin: the reader cannot do it, and the company's admin can.
    """

    key: str
    title: str
    state: str
    sentence: str
    details: list[tuple[str, str]] = field(default_factory=list)
    progress: Progress | None = None
    actions: list[Action] = field(default_factory=list)
    is_for_admin: bool = False

    @property
    def action(self) -> Action | None:
        return self.actions[0] if self.actions else None
