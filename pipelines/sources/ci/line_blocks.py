"""Blocks of lines as they lie in a file, with the places of their quotes."""

import numpy as np

LARGEST = 2**30
"""Bytes of a block up to which places in it are handled quickly."""
_NEAR_BYTES = 256 * 1024
"""What is looked at in one go, so that it stays near the processor."""
_QUOTE, _LINE_END, _BLANK, _BACKSLASH, _DELETE = b'"\n \\\x7f'


class Block:
    """Whole lines as they lie in a file, each with its end."""

    def __init__(self, content: bytes) -> None:
        self.content = content if content.endswith(b"\n") or not content else content + b"\n"
        codes = np.frombuffer(self.content, dtype=np.uint8)
        kind = np.int32 if len(codes) <= LARGEST else np.int64
        marks, lines = [np.zeros(0, dtype=kind)], [np.zeros(0, dtype=np.int64)]
        count = controls = 0
        for start in range(0, len(codes), _NEAR_BYTES):
            part = codes[start : start + _NEAR_BYTES]
            controls += np.count_nonzero(part < _BLANK)
            is_end = part == _LINE_END
            found = np.flatnonzero(is_end | (part == _QUOTE))
            lines.append(np.flatnonzero(is_end[found]) + count)
            marks.append((found + start).astype(kind))
            count += len(found)
        self.marks = np.concatenate(marks)
        """Where each quote and each line's end is."""
        ends = np.concatenate(lines)
        self.first_marks = np.zeros(len(ends) + 1, dtype=np.int64)
        """Number of the first mark of each line, and at the end the number of marks."""
        self.first_marks[1:] = ends + 1
        self.ends = self.marks[ends]
        """Where each line ends."""
        self.starts = np.zeros(len(ends), dtype=kind)
        """Where each line begins."""
        self.starts[1:] = self.ends[:-1] + 1
        self._has_controls = controls > len(ends)

    def line(self, place: int) -> bytes:
        """A line without its end."""
        return self.content[self.starts[place] : self.ends[place]]

    def lines(self, places: np.ndarray) -> list[bytes]:
        """Some lines without their ends."""
        bounds = zip(self.starts[places].tolist(), self.ends[places].tolist(), strict=True)
        return [self.content[start:end] for start, end in bounds]

    def plain(self) -> np.ndarray:
        """The lines of which no text can hold a quote: valid UTF-8 without backslashes and control characters."""
        if not self.content.isascii():
            try:
                self.content.decode()
            except UnicodeDecodeError:
                return np.empty(0, dtype=np.int64)
        if not self._has_controls and b"\\" not in self.content and b"\x7f" not in self.content:
            return np.arange(len(self.ends))
        codes = np.frombuffer(self.content, dtype=np.uint8)
        odd = np.flatnonzero(
            ((codes < _BLANK) & (codes != _LINE_END)) | (codes == _BACKSLASH) | (codes == _DELETE)
        )
        is_plain = np.ones(len(self.ends), dtype=bool)
        is_plain[np.searchsorted(self.ends, odd)] = False
        return np.flatnonzero(is_plain)
