"""Plays a VHS tape in a pseudo-terminal and writes an SVG at each Screenshot.

The tape is the one that VHS itself plays (https://github.com/charmbracelet/vhs). A tape says how
large the screen is in pixels; here a cell is 0.6 of the font size wide and 1.32 of it high, as it is
in VHS's own font. `Screenshot docs/pictures/x.png` writes `docs/pictures/x.svg`.
"""

import argparse
import codecs
import fcntl
import os
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import sys
import termios
import threading
import time

import pyte

import svg

KEYS = {
    "Enter": "\r",
    "Tab": "\t",
    "Space": " ",
    "Escape": "\x1b",
    "Backspace": "\x7f",
    "Up": "\x1b[A",
    "Down": "\x1b[B",
    "Right": "\x1b[C",
    "Left": "\x1b[D",
    "PageUp": "\x1b[5~",
    "PageDown": "\x1b[6~",
    "Delete": "\x1b[3~",
    "Insert": "\x1b[2~",
}
IGNORED = {"Output", "Hide", "Show"}


def seconds(text):
    """`500ms`, `2s`, `1.5` (seconds) or `1m` in seconds."""
    number, unit = re.fullmatch(r"([0-9.]+)(ms|s|m)?", text).groups()
    return float(number) * {"ms": 0.001, "m": 60.0}.get(unit, 1.0)


def commands(path):
    """The tape as (line number, word, @duration or None, rest of the line)."""
    with open(path, encoding="utf-8") as tape:
        for number, line in enumerate(tape, 1):
            line = line.strip()
            if line and not line.startswith("#"):
                word, _, rest = line.partition(" ")
                word, _, at = word.partition("@")
                yield number, word, at or None, rest.strip()


class Screen(pyte.Screen):
    """pyte's screen, with dim text: pyte knows no dim, so it is kept where it keeps blinking."""

    def select_graphic_rendition(self, *attributes, private=False):
        if private:  # A key protocol of xterm, not a rendition.
            return
        given, out = list(attributes), []
        while given:
            code = given.pop(0)
            if code in (38, 48, 58):
                count = {5: 1, 2: 3}.get(given[0] if given else None, 0)
                colour = [code, *given[: 1 + count]]
                del given[: 1 + count]
                out += colour if code != 58 else []
            elif code == 2:
                out.append(5)
            elif code == 22:
                out += [22, 25]
            elif code != 59:
                out.append(code)
        super().select_graphic_rendition(*(out or ([] if attributes else [0])))


class Terminal:
    """A shell in a pseudo-terminal, and what it shows."""

    def __init__(self, columns, rows, environment):
        self.screen = Screen(columns, rows)
        self.stream = pyte.Stream(self.screen)
        self.lock = threading.Lock()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe("bash", ["bash", "--noprofile", "--norc", "-i"], environment)
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, size)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            try:
                select.select([self.fd], [], [])
                data = os.read(self.fd, 65536)
            except OSError:
                return
            if not data:
                return
            with self.lock:
                self.stream.feed(decoder.decode(data))

    def type(self, text):
        os.write(self.fd, text.encode())

    def text(self):
        with self.lock:
            return "\n".join(line.rstrip() for line in self.screen.display)

    def draw(self, title):
        with self.lock:
            return svg.picture(self.screen, title)

    def close(self):
        os.kill(self.pid, signal.SIGHUP)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


class Player:
    """Carries out a tape."""

    def __init__(self, tape, path):
        self.tape = tape
        self.settings = {"FontSize": "22", "Width": "1200", "Height": "600", "Padding": "60"}
        self.environment = {
            "PATH": os.pathsep.join([path, os.environ["PATH"]]),
            "HOME": os.environ.get("HOME", "/"),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "PS1": "> ",
        }
        self.terminal = None
        self.title = "rdpwatch"

    def size(self):
        """Columns and rows of the screen."""
        get = self.settings
        font, padding = float(get["FontSize"]), 2 * float(get["Padding"])
        columns = (float(get["Width"]) - padding) / (0.6 * font)
        rows = (float(get["Height"]) - padding) / (1.32 * font)
        return int(columns), int(rows)

    def play(self):
        for number, word, at, rest in commands(self.tape):
            try:
                self.carry_out(word, at, rest)
            except Exception as error:
                shown = self.terminal.text() if self.terminal else ""
                sys.exit(f"{self.tape}:{number}: {word} {rest}: {error}\n{shown}")
        if self.terminal:
            self.terminal.close()

    def carry_out(self, word, at, rest):
        if word in IGNORED:
            return
        if word == "Set":
            name, _, value = rest.partition(" ")
            self.settings[name] = value.strip().strip('"')
        elif word == "Env":
            name, value = shlex.split(rest)
            self.environment[name] = value
        elif word == "Require":
            if not shutil.which(rest, path=self.environment["PATH"]):
                raise RuntimeError("not in the path")
        else:
            if not self.terminal:
                self.terminal = Terminal(*self.size(), self.environment)
            self.act(word, at, rest)

    def act(self, word, at, rest):
        pause = seconds(at or self.settings.get("TypingSpeed", "50ms"))
        if word == "Sleep":
            time.sleep(seconds(rest))
        elif word == "Type":
            for character in rest[1:-1]:
                self.terminal.type(character)
                time.sleep(pause)
        elif word in KEYS:
            for _ in range(int(rest or 1)):
                self.terminal.type(KEYS[word])
                time.sleep(pause)
        elif re.fullmatch(r"Ctrl\+[A-Za-z]", word):
            self.terminal.type(chr(ord(word[-1].upper()) - 64))
        elif word == "Wait+Screen":
            self.wait(re.compile(rest[1:-1], re.MULTILINE), seconds(at or "15s"))
        elif word == "Screenshot":
            target = os.path.splitext(rest)[0] + ".svg"
            with open(target, "w", encoding="utf-8") as file:
                file.write(self.terminal.draw(f"rdpwatch demo, {os.path.basename(target)[:-4]}"))
            print(f"{target}: {os.path.getsize(target)} bytes")
        else:
            raise RuntimeError("unknown command")

    def wait(self, pattern, limit):
        end = time.monotonic() + limit
        while not pattern.search(self.terminal.text()):
            if time.monotonic() > end:
                raise TimeoutError("not seen in time")
            time.sleep(0.1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--path", default="target/release", help="where the program is")
    parser.add_argument("tape")
    given = parser.parse_args()
    Player(given.tape, os.path.abspath(given.path)).play()


if __name__ == "__main__":
    main()
