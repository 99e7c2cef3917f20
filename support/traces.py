"""What tells of a person in any text, and texts without it."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from integrations.mustalinja.redaction import without_number
from integrations.phone_numbers import written


@dataclass(frozen=True)
class Traces:
    """The addresses, names and numbers of somebody.

    Attributes:
        words: emails and names, whatever their case.
        numbers: in E.164; they are found in any spelling.
    """

    words: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()

    @cached_property
    def _words(self) -> re.Pattern[bytes] | None:
        """As they are, and as JSON writes letters that are not ASCII."""
        spelled = {spelling for word in self.words for spelling in (word, word.lower(), word.upper())}
        ways = {way.encode() for word in spelled for way in (word, json.dumps(word)[1:-1])}
        longest_first = sorted(filter(None, ways), key=len, reverse=True)
        return re.compile(b"|".join(map(re.escape, longest_first)), re.IGNORECASE) if longest_first else None

    @cached_property
    def _numbers(self) -> list[re.Pattern[bytes]]:
        return [written(number) for number in sorted(self.numbers)]

    def are_in(self, text: str) -> bool:
        """Whether a text tells of the person."""
        return self.out_of(text) != text

    def out_of(self, text: str) -> str:
        """A text without what tells of the person."""
        raw = text.encode(errors="surrogatepass")
        for number in self._numbers:
            raw = number.sub(b"", raw)
        return self._without_words(raw).decode(errors="surrogatepass")

    def out_of_body(self, body: bytes) -> bytes:
        """A raw body without it; JSON stays JSON."""
        for number in sorted(self.numbers):
            body = without_number(body, number)
        return self._without_words(body)

    def out_of_json(self, value: Any) -> Any:
        """A value of a JSON column without it."""
        body = json.dumps(value, cls=DjangoJSONEncoder).encode()
        return json.loads(self.out_of_body(body))

    def _without_words(self, raw: bytes) -> bytes:
        return self._words.sub(b"", raw) if self._words is not None else raw
