"""Odd words: settings, command lines, config.yaml, names of files, URLs with secrets."""

import functools
import os
import random
from pathlib import Path

from benchmarks.attacks.files import picture_bytes
from benchmarks.attacks.tries import Try, Words

_WORDS = """
- -- 0 -1 1e300 -1e300 nan inf .inf 1e-300 0.0001 0,0,0 1,2 0x10 99999x99999 0x0 -64x-64 64x x auto none null true [] {}
* %s%n {0} ~ $HOME ${HOME} ${ `id` ' " ; | & 2021-13-45 1:2:3:4 ../../x / /dev/null /dev/zero /dev/stdin /proc/self/mem
file: http: opencv:cpu:cpu onnxruntime: : cuda person= =red person=#12 all,all person,,dog 🐕.mp4
"""
_LONG = ("9" * 500, "é" * 300, "a" * 5000)
_ODD = [*_WORDS.split(), "", " ", "a\x1b[31mb", "a\nerror: b", "\udce9", "\u202e", *_LONG]
_COMMANDS = ("config", "bench", "evaluate", "train", "export", "repair", "verify", "optimise")


@functools.cache
def _flags(command: str) -> tuple[str, ...]:
    import importlib

    from deeplab_cv.cli import build_parser

    module = importlib.import_module(f"deeplab_cv.commands.{command}")
    parser = build_parser(command, "")
    module.add_arguments(parser)
    return tuple(parser._option_string_actions)


def setting(numbers: random.Random, folder: Path) -> Try:
    """A run of a picture with one to three settings of odd values."""
    (folder / "in.png").write_bytes(picture_bytes(numbers, ".png"))
    flags = [
        flag
        for flag in _flags("run")
        if flag not in ("-h", "--help", "--loop", "--camera", "--video", "--pattern", "--debug")
    ]
    odd: list[str] = []
    for _ in range(numbers.randint(1, 3)):
        flag = numbers.choice(flags)
        odd += numbers.choice(([flag, _value(numbers)], [f"{flag}={_value(numbers)}"], [flag]))
    return Try([*_usual(), "--out", "out.png", *odd])


def command_line(numbers: random.Random, folder: Path) -> Try:
    """A command with words in any order, none of which names an input that is there."""
    command = numbers.choice(_COMMANDS)
    flags = [flag for flag in _flags(command) if flag not in ("--list-cameras", "--debug")]
    words = [
        numbers.choice((numbers.choice(flags), _value(numbers), _value(numbers))) for _ in range(numbers.randint(1, 5))
    ]
    if command == "config":
        return Try([command, *words])
    # What is there, such as /dev/zero, may be read for long, and to measure takes minutes.
    nothing = ["--clip", "no-such.mp4"] if command == "bench" else []
    return Try([command, *(word for word in words if not word.startswith("/")), *nothing])


def yaml(numbers: random.Random, folder: Path) -> Try:
    """A config.yaml whose lines have odd values, or that is no config.yaml at all."""
    from deeplab_cv.settings import Settings

    keys = [key for group in Settings.model_fields.values() for key in group.default_factory().model_fields]  # type: ignore
    values = [
        "*l9",
        "&a [*a]",
        "[" * 3000,
        "{" * 200,
        "!!int abc",
        "!!python/object/apply:os.system ['touch ../beside/x']",
    ]
    values += [
        "!!bool maybe",
        "2026-13-45",
        "9" * 5000,
        "? a",
        "|\n x",
        "<<: *a",
        "\x00",
        "\x85",
        "!!binary /w==",
        ".nan",
    ]
    lines = []
    for _ in range(numbers.randint(1, 4)):
        value = numbers.choice((numbers.choice(values), _value(numbers), repr(_value(numbers))))
        lines.append(f"{numbers.choice((*keys, _value(numbers)))}: {value}")
    data = "\n".join(lines).encode("utf-8", "surrogateescape")
    if numbers.random() < 0.3:
        data = bytes(numbers.choice((byte, numbers.randrange(256))) for byte in data)
    if numbers.random() < 0.1:
        data = b"a: &l0 [x]\n" + b"\n".join(
            b"b%d: &l%d [%s]" % (i, i, b",".join([b"*l%d" % (i - 1)] * 9)) for i in range(1, 9)
        )
    (folder / "odd.yaml").write_bytes(data)
    return Try(["config", "--config", "odd.yaml"])


def name(numbers: random.Random, folder: Path) -> Try:
    """A picture and outputs of odd names, in folders of odd names."""
    letters = [
        *"ab .-=+@%'\"`$;&|<>()[]{}*?!~#,:\\\n\t\r\x1b\x7f\x85",
        "é",
        "🐕",
        "\udce9",
        "\u202e",
        "--",
        "..",
        "=cmd|",
    ]
    stem = "".join(numbers.choice(letters) for _ in range(numbers.choice((1, 3, 8, 60))))
    stem = numbers.choice((stem, f"-{stem}", f"={stem}", f".{stem}", f" {stem}", f"{stem} "))
    place = Path(numbers.choice((".", stem.strip(".") or "x")))
    place.mkdir(exist_ok=True)
    picture = place / f"{stem}{numbers.choice(('.png', '.jpg', '.PNG', '.webp'))}"
    picture.write_bytes(picture_bytes(numbers, picture.suffix))
    out = {"--out": f"o{stem}.png", "--stats": f"s{stem}.csv", "--masks": f"m{stem}"}
    flag = numbers.choice(list(out))
    # argparse takes a word with a dash for a flag, so names begin with ./ as a careful user's do.
    return Try([*_usual(f"./{picture}"), f"{flag}=./{out[flag]}"], check=functools.partial(_no_formula, folder))


def url(numbers: random.Random, folder: Path) -> Try:
    """A URL with a password that nobody answers, to a command that takes one."""
    secret = f"s3cr{numbers.randrange(10**6)}et"
    password = numbers.choice(
        ("{0}", "{0}@x", "a/{0}", "a#{0}", "a?{0}", "{0}:{0}", "p]{0}", "%2F{0}", "{0} b", "[{0}")
    ).format(secret)
    scheme = numbers.choice(("rtsp", "http", "https", "tcp", "srt", "udp", "rtmp", "RTSP", "ftp", "nonsense"))
    slashes = numbers.choice(("://", "://", ":/", ":"))
    place = numbers.choice(("127.0.0.1:1", "127.0.0.1:1/ch/1", "[::1]:1/a", "127.0.0.1:99999", "localhost:1"))
    forms = (
        f"{scheme}{slashes}me:{password}@{place}",
        f"{scheme}{slashes}{place}?token={secret}",
        f"{scheme}{slashes}{place}#{secret}=1",
        f"{scheme}{slashes}{place}/user=me_password={secret}_channel=1",
        f"{scheme}{slashes}me:{password}@{place}?passphrase={secret}&x=1",
    )
    url = numbers.choice(forms)
    commands = (
        ["--video", url, "--stats", "a.csv", "--headless", "--backend", "opencv:cpu", "--end", "1", "--retry", "0"],
        ["config", "--video", url],
        ["evaluate", "none.onnx", "--video", url],
        ["bench", "stages", "--clip", url],
        ["--video", url, "--out", url, "--headless", "--retry", "0"],
        [url, "--headless", "--stats", "a.csv", "--retry", "0"],
        ["--image", url, "--out", "a.png", "--headless"],
        ["repair", url],
        ["export", url],
    )
    words = numbers.choice(commands)
    return Try(words, secrets=(secret,))


def _usual(picture: str = "in.png") -> Words:
    return ["--image", picture, "--headless", "--backend", "opencv:cpu", "--model", os.environ["ATTACK_NETWORK"]]


def _value(numbers: random.Random) -> str:
    if numbers.random() < 0.3:
        return "".join(
            chr(numbers.choice((numbers.randrange(1, 128), numbers.randrange(0x80, 0x2FFF))))
            for _ in range(numbers.randint(1, 12))
        )
    return numbers.choice(_ODD)


def _no_formula(folder: Path, said: str) -> str:
    for file in folder.glob("s*.csv"):
        rows = file.read_text(errors="replace").splitlines()
        if len(rows) != 2:
            return "a name breaks its line of the table"
        if any(cell.lstrip('"').startswith(("=", "+", "@")) for cell in rows[1].split(",")[2:3]):
            return "a cell is a formula"
    return ""
