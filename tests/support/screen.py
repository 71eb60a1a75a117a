"""A terminal's screen, by the few sequences that hello writes, for tests of its live views. Lines never scroll away."""
import re

SEQUENCE = re.compile(r"\x1b\[(\d*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n]+)")


class Screen:
    def __init__(self, columns):
        self.columns, self.row, self.column = columns, 0, 0
        self.rows = [""]
        self.wrapped = [False]  # whether a row goes on in the next one
        self.tallest = 0  # rows that the cursor went up
        self.rest = ""

    def write(self, text):
        text = self.rest + text
        cut = text.rfind("\x1b", max(0, len(text) - 8))  # a sequence may come in two parts
        self.rest = text[cut:] if cut >= 0 and not SEQUENCE.match(text, cut) else ""
        for count, code, back, end, words in SEQUENCE.findall(text[:len(text) - len(self.rest)]):
            if code == "A":
                self.tallest = max(self.tallest, int(count))
                self.row = max(0, self.row - int(count))
            elif code == "J":
                self.erase()
                del self.rows[self.row + 1:], self.wrapped[self.row + 1:]
            elif code == "K":
                self.erase()
            elif back:
                self.column = 0
            elif end:
                self.down()
            for letter in words:
                self.put(letter)

    def erase(self):
        self.rows[self.row], self.wrapped[self.row] = self.rows[self.row][:self.column], False

    def down(self):
        self.row, self.column = self.row + 1, 0  # the terminal adds the carriage return
        if self.row == len(self.rows):
            self.rows.append("")
            self.wrapped.append(False)

    def put(self, letter):
        if self.column == self.columns:
            self.wrapped[self.row] = True
            self.down()
        line = self.rows[self.row].ljust(self.column)
        self.rows[self.row] = line[:self.column] + letter + line[self.column + 1:]
        self.column += 1

    def resize(self, columns):
        """As most terminals do it: what is too long for a row goes on in the next one. The cursor is at the end."""
        whole, line = [], ""
        for row, goes_on in zip(self.rows, self.wrapped):
            line += row
            if not goes_on:
                whole.append(line)
                line = ""
        self.columns, self.rows, self.wrapped = columns, [], []
        for line in whole:
            parts = [line[i:i + columns] for i in range(0, len(line), columns)] or [""]
            self.rows += parts
            self.wrapped += [True] * (len(parts) - 1) + [False]
        self.row, self.column = len(self.rows) - 1, len(self.rows[-1])
