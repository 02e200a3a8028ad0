"""Files that are written whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["replacing"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place when the block ends without an error.

    Parameters
    ----------
    path : path-like
        File to write; its folder is made where it is missing.

    Yields
    ------
    Path
        File to write to, in the same folder, so that the final rename is atomic. It is removed when the block raises.

    Raises
    ------
    OSError
        The folder cannot be made or written to.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     target = Path(folder) / "new" / "figures.txt"
    ...     with replacing(target) as draft:
    ...         _ = draft.write_text("1.41")
    ...     target.read_text()
    '1.41'
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.stem}-{secrets.token_hex(4)}{target.suffix}")
    draft.touch(exist_ok=False)
    try:
        yield draft
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
