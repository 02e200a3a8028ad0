"""Words of a datapath: a format, and how values are brought into it."""

from __future__ import annotations

from dataclasses import dataclass, field

from fxp.formats import Format, Overflow, Rounding
from fxp.inputs import require_format

__all__ = ["Word"]


@dataclass(frozen=True)
class Word:
    """A format with the modes by which a value is brought into it.

    Parameters
    ----------
    format : Format
        Codes of the word.
    rounding : Rounding or str
        How a value between two codes becomes one; HALF_EVEN by default.
    overflow : Overflow or str
        What becomes of a code outside of the format; SATURATE by default.

    Raises
    ------
    TypeError
        `format` is not a Format.
    ValueError
        A mode is unknown.

    Examples
    --------
    >>> print(Word(Format(8, 7), rounding="FLOOR"))
    sfix8_En7, FLOOR, SATURATE
    """

    format: Format
    rounding: Rounding | str = field(default=Rounding.HALF_EVEN, kw_only=True)
    overflow: Overflow | str = field(default=Overflow.SATURATE, kw_only=True)

    def __post_init__(self) -> None:
        require_format("format", self.format)
        object.__setattr__(self, "rounding", Rounding.of(self.rounding))
        object.__setattr__(self, "overflow", Overflow.of(self.overflow))

    @classmethod
    def of(cls, name: str, word: Word | Format) -> Word:
        """Return a word, that of the usual modes where only its format is given.

        Parameters
        ----------
        name : str
            What the caller calls it, for the message.
        word : Word or Format
            What the user passed.

        Raises
        ------
        TypeError
            It is neither.

        Examples
        --------
        >>> Word.of("error", Format(8, 7)) == Word(Format(8, 7))
        True
        """
        if isinstance(word, Word):
            return word
        if not isinstance(word, Format):
            raise TypeError(f"{name}={word!r} is not a Word: pass fxp.Word(format, …), or a Format for the usual modes")
        return cls(word)

    def __str__(self) -> str:
        return f"{self.format}, {Rounding.of(self.rounding).name}, {Overflow.of(self.overflow).name}"
