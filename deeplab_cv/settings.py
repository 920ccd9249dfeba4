"""config.yaml and the command line -> one checked Settings object.

Every setting is described once, here: its flag, its line in config.yaml, its help text and its check all come from
the field of `Settings` that carries its name.
"""

import argparse
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from deeplab_cv.classes import PAINTED_BY_DEFAULT, RGB, parse_paint
from deeplab_cv.errors import SettingsError
from deeplab_cv.overlay.view import GREEN_SCREEN, Style


def _parse_numbers(value: object) -> object:
    numbers = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(numbers, list | tuple) or len(numbers) != 3:
        raise ValueError("three numbers are written 127.5,127.5,127.5")
    return numbers


Numbers = Annotated[tuple[float, float, float], BeforeValidator(_parse_numbers)]
Paint = Annotated[dict[str, RGB], BeforeValidator(parse_paint)]


def _setting(default: Any, group: str, description: str, unit: str = "", **limits: Any) -> Any:
    return Field(default, description=description, json_schema_extra={"group": group, "unit": unit}, **limits)


class Settings(BaseModel):
    """Everything a run can be told; see config.yaml for the same list with its defaults."""

    # Built when the first value is checked, so that --help need not wait for it.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    # fmt: off
    camera: str | None = _setting(None, "source", "camera to open: its index or device path, such as 0 or /dev/video0")
    video: str | None = _setting(None, "source", "video file to read, or a live stream: rtsp://..., http://..., tcp://...")
    image: str | None = _setting(None, "source", "picture, folder of pictures, or glob such as 'pictures/*.jpg'")
    pattern: bool = _setting(False, "source", "a moving test pattern, for machines without a camera")
    demo: bool = _setting(False, "source", "the clip that comes with the program")
    width: int | None = _setting(None, "source", "width asked of the camera", "px", ge=1, le=16384)
    height: int | None = _setting(None, "source", "height asked of the camera", "px", ge=1, le=16384)
    fps: float | None = _setting(None, "source", "frame rate asked of the camera", "frames/s", gt=0, le=1000)
    loop: bool = _setting(False, "source", "begin again at the end")
    mirror: bool = _setting(False, "source", "flip left and right, as a mirror does")
    every: int = _setting(1, "source", "take only every N-th frame", "frames", ge=1)
    start: float | None = _setting(None, "source", "begin at this time of the video", "s", ge=0)
    end: float | None = _setting(None, "source", "stop at this time of the video, or so long after a stream's first frame", "s", gt=0)

    model: str | None = _setting(None, "network", "network file (.onnx); without it the one in models/")
    classes: str | None = _setting(None, "network", "for a network without a card: voc, or a file with one class name a line")
    mean: Numbers | None = _setting(None, "network", "for a network without a card: mean per channel, 0..255")
    std: Numbers | None = _setting(None, "network", "for a network without a card: standard deviation per channel, 0..255")
    order: Literal["rgb", "bgr"] = _setting("rgb", "network", "for a network without a card: order of its colour channels")
    size: str | None = _setting(None, "network", "for a network without a card and without a fixed size: WxH", "px", pattern=r"^\d+x\d+$")
    align_corners: bool = _setting(False, "network", "for a network without a card: its scores are upsampled with aligned corners")

    backend: str = _setting("auto", "engine", "NAME[:device], such as opencv, onnxruntime:cuda, openvino:gpu; auto takes the fastest that is right")
    threads: int = _setting(0, "engine", "processor threads for the engine; 0 leaves it to the program", "threads", ge=0, le=1024)

    carry: int = _setting(1, "pace", "infer every N-th frame; in between the labels follow the picture by optical flow", "frames", ge=1, le=30)
    target_fps: float | None = _setting(None, "pace", "frame rate to reach: with smaller input where the network is proven at some, then by carrying labels", "frames/s", gt=0, le=1000)
    still: float = _setting(0.0, "pace", "a frame is not inferred while nothing in it changed by more than this, for up to a second; 0 is off", "0..255", ge=0, le=255)

    smooth: float = _setting(0.0, "labels", "weight of earlier scores where the picture stands still; 0 is off", "0..0.95", ge=0, le=0.95)

    style: Style = _setting("blend", "picture", "how labels are painted")
    alpha: float = _setting(0.5, "picture", "opacity of the paint in style blend", "0..1", ge=0, le=1)
    paint: Paint = _setting(PAINTED_BY_DEFAULT, "picture", "classes to paint, with or without colour: 'person dog cat=#ff8800'")
    background: str = _setting(GREEN_SCREEN, "picture", "what style replace puts behind: a colour or a picture file")
    legend: bool = _setting(True, "picture", "list the visible classes with their share in the window")
    line: bool = _setting(True, "picture", "show rate, latency and engine in the window")

    out: str | None = _setting(None, "output", "painted video file (.mp4 .mkv .webm .mov) or picture; a folder for several pictures")
    masks: str | None = _setting(None, "output", "folder for one 8-bit index PNG per frame, in VOC colours")
    stats: str | None = _setting(None, "output", "file for the area of each class per frame (.csv or .jsonl)")
    headless: bool = _setting(False, "output", "open no window")
    codec: Literal["h264", "hevc", "vp9", "av1"] | None = _setting(None, "output", "video codec; without it the file's extension decides")
    crf: int | None = _setting(None, "output", "quality of the video, lower is better", ge=0, le=63)
    preset: str | None = _setting(None, "output", "encoder preset, such as veryfast or 8")
    # fmt: on


@dataclass(frozen=True)
class LoadedSettings:
    """Settings and, for each key, where its value came from: `default`, a file's name or `command line`."""

    settings: Settings
    origins: Mapping[str, str]


def flag(key: str) -> str:
    """A setting's flag on the command line."""
    return "--" + key.replace("_", "-")


def add_settings_arguments(parser: argparse.ArgumentParser, only: Collection[str] = ()) -> None:
    """Give the parser one flag per setting, in groups, and --config; `only` names the groups, all where it is empty."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file in place of config.yaml")
    groups: dict[str, argparse._ArgumentGroup] = {}
    for key, field in Settings.model_fields.items():
        name = _extra(field)["group"]
        if only and name not in only:
            continue
        group = groups.setdefault(name, parser.add_argument_group(name))
        if field.annotation is bool:
            group.add_argument(flag(key), action=argparse.BooleanOptionalAction, default=None, help=_help_text(field))
        else:
            group.add_argument(flag(key), metavar=_metavar(field), default=None, help=_help_text(field))


def load_settings(args: argparse.Namespace, default_file: Path | None) -> LoadedSettings:
    """config.yaml (or --config's file) < command line, checked. Raises SettingsError."""
    file = args.config or default_file
    written = _read_config(file) if file else {}
    origins = dict.fromkeys(Settings.model_fields, "default")
    origins |= dict.fromkeys(written, str(file))
    given = {key: value for key in Settings.model_fields if (value := getattr(args, key, None)) is not None}
    if file:
        _check(written, {key: f"{file}, {key}" for key in written})
    merged = written | given
    origins |= dict.fromkeys(given, "command line")
    return LoadedSettings(_check(merged, {key: flag(key) for key in merged}), origins)


def config_text() -> str:
    """The text of config.yaml: each setting with its description, unit, choices and default."""
    lines = [
        "# Every setting of the program once. The command line wins over this file; `app.py config` shows what holds."
    ]
    last_group = ""
    for key, field in Settings.model_fields.items():
        group = _extra(field)["group"]
        if group != last_group:
            lines += ["", f"# --- {group} ---"]
            last_group = group
        lines += [f"# {_help_text(field, for_file=True)}", _yaml_line(key, field.default)]
    return "\n".join(lines) + "\n"


def _read_config(file: Path) -> dict[str, Any]:
    import yaml

    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError("cannot read the settings", file, str(error.strerror)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = str(error).replace("\n", " ")
        raise SettingsError("the settings are not YAML", file, reason) from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise SettingsError("the settings are not a list of `key: value`", file, "see config.yaml for the form")
    # A key left empty in the file means what it means on the command line when it is not given: the default.
    return {str(key): value for key, value in values.items() if value is not None}


def _check(values: Mapping[str, Any], where: Mapping[str, str]) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        place = where.get(key, key)
        if first["type"] == "extra_forbidden":
            raise SettingsError("unknown setting", place, "`app.py config` lists all settings") from None
        problem = first["msg"].removeprefix("Value error, ")
        field = Settings.model_fields[key]
        allowed = _help_text(field, for_file=True)
        raise SettingsError(
            f"wrong value {values[key]!r}", place, f"{problem[0].lower()}{problem[1:]} ({allowed})"
        ) from None


def _help_text(field: FieldInfo, for_file: bool = False) -> str:
    parts = [field.description or ""]
    if choices := _choices(field):
        parts.append("one of " + ", ".join(choices))
    elif unit := _extra(field)["unit"]:
        parts.append(f"in {unit}" if not unit[0].isdigit() else unit)
    limits = {
        name: getattr(entry, name) for entry in field.metadata for name in ("ge", "gt", "le") if hasattr(entry, name)
    }
    signs = {"ge": "at least", "gt": "more than", "le": "at most"}
    parts += [f"{signs[name]} {value}" for name, value in limits.items() if not _extra(field)["unit"][:1].isdigit()]
    if not for_file and field.default not in (None, False) and not isinstance(field.default, dict):
        parts.append(f"default {field.default}")
    return "; ".join(parts).replace("%", "%%")


def _choices(field: FieldInfo) -> tuple[str, ...]:
    options = [field.annotation, *get_args(field.annotation)]
    return next((get_args(option) for option in options if get_origin(option) is Literal), ())


def _metavar(field: FieldInfo) -> str:
    if _choices(field):
        return "NAME"
    text = str(field.annotation)
    return "N" if "int" in text or "float" in text else "TEXT"


def _extra(field: FieldInfo) -> dict[str, str]:
    extra = field.json_schema_extra
    return {key: str(value) for key, value in extra.items()} if isinstance(extra, dict) else {}


def _yaml_line(key: str, default: Any) -> str:
    import yaml

    value = (
        {name: "#{:02x}{:02x}{:02x}".format(*colour) for name, colour in default.items()}
        if isinstance(default, dict)
        else default
    )
    if value is None:
        return f"{key}:"
    return yaml.safe_dump({key: value}, default_flow_style=isinstance(value, dict) and None, sort_keys=False).strip()
