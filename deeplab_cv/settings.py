"""config.yaml and the command line -> one checked Settings object.

Every setting is described once, in the options of its room: its flag, its line in config.yaml, its help text and its
check all come from the field that carries its name. Files and flags know no rooms: there each name stands alone.
"""

import argparse
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo

from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.errors import SettingsError, as_typed, did_you_mean
from deeplab_cv.events.options import EventOptions
from deeplab_cv.machine.program import program
from deeplab_cv.networks.options import NetworkOptions
from deeplab_cv.options import Options, flag, shown
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.page.options import PageOptions
from deeplab_cv.segmentation.options import LabelOptions, PaceOptions
from deeplab_cv.sinks.options import OutputOptions
from deeplab_cv.sources.options import SourceOptions


class Settings(Options):
    """Everything a run can be told, by the group that help and config.yaml show it in; each group is one room's."""

    source: SourceOptions = Field(default_factory=SourceOptions)
    network: NetworkOptions = Field(default_factory=NetworkOptions)
    engine: EngineOptions = Field(default_factory=EngineOptions)
    pace: PaceOptions = Field(default_factory=PaceOptions)
    labels: LabelOptions = Field(default_factory=LabelOptions)
    picture: PictureOptions = Field(default_factory=PictureOptions)
    output: OutputOptions = Field(default_factory=OutputOptions)
    events: EventOptions = Field(default_factory=EventOptions)
    page: PageOptions = Field(default_factory=PageOptions)


_SOURCES = ("camera", "video", "image", "pattern", "browser_camera", "demo")
"""Settings that name what is read."""

NOWHERE: Mapping[str, str] = {}
"""For values from no file and no command line: errors name the key alone."""


@dataclass(frozen=True)
class LoadedSettings:
    """Settings and, for each key, where its value came from: `default`, a file's name or `command line`."""

    settings: Settings
    origins: Mapping[str, str]

    def without_what_a_file_names(self, keys: Iterable[str], *, of: Settings | None = None) -> Settings:
        """The settings, or those `of` them that are left, with the defaults of these keys where a file names them."""
        settings = of or self.settings
        wanted = [key for key in keys if self.origins[key] not in ("default", "command line")]
        for group, key, field in _fields():
            if key in wanted:
                options = getattr(settings, group).model_copy(update={key: field.default})
                settings = settings.model_copy(update={group: options})
        return settings


class _Counted(argparse.BooleanOptionalAction):
    """A flag that counts how often it is given; `--no-` before it takes all back."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        taken_back = option_string is not None and option_string.startswith("--no-")
        setattr(namespace, self.dest, 0 if taken_back else (getattr(namespace, self.dest) or 0) + 1)


def add_settings_arguments(
    parser: argparse.ArgumentParser, *, only: Collection[str] = (), without: Collection[str] = ()
) -> None:
    """Give the parser one flag per setting, in groups, and --config.

    Args:
        parser: the command's.
        only: names of the groups; all where it is empty.
        without: names of settings that the command has no flag for.
    """
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file in place of config.yaml")
    wanted = [each for each in _fields() if (not only or each[0] in only) and each[1] not in without]
    headings = dict.fromkeys(_heading(name, field) for name, _, field in wanted)
    # What few need stands last.
    usual_first = sorted(headings, key=lambda heading: heading not in Settings.model_fields)
    groups = {heading: parser.add_argument_group(heading) for heading in usual_first}
    for name, key, field in wanted:
        group = groups[_heading(name, field)]
        if field.annotation is bool or _extra(field, "counted"):
            action = argparse.BooleanOptionalAction if field.annotation is bool else _Counted
            group.add_argument(flag(key), action=action, default=None, help=_help_text(field))
        elif _is_list(field):
            group.add_argument(
                flag(key), action="append", metavar=_metavar(field), default=None, help=_help_text(field)
            )
        else:
            group.add_argument(flag(key), metavar=_metavar(field), default=None, help=_help_text(field))


def load_settings(args: argparse.Namespace, default_file: Path | None) -> LoadedSettings:
    """config.yaml (or --config's file) < command line, checked. Raises SettingsError."""
    file = args.config or default_file
    written = _read_config(file) if file else {}
    keys = [key for _, key, _ in _fields()]
    given = {key: value for key in keys if (value := getattr(args, key, None)) is not None}
    if file:
        settings_of(written, {key: f"{as_typed(file)}, {key}" for key in written})
    if any(key in given for key in _SOURCES):
        # What the command line names takes the place of what the file names.
        written = {key: value for key, value in written.items() if key not in _SOURCES}
    merged = written | given
    origins = dict.fromkeys(keys, "default") | dict.fromkeys(written, str(file)) | dict.fromkeys(given, "command line")
    return LoadedSettings(settings_of(merged, {key: flag(key) for key in merged}), origins)


def settings_of(values: Mapping[str, Any], where: Mapping[str, str] = NOWHERE) -> Settings:
    """Values by the names that flags and config.yaml have -> settings.

    Raises SettingsError, which names the first wrong value and the place that `where` gives for its key.
    """
    groups: dict[str, dict[str, Any]] = {}
    fields = {key: field for _, key, field in _fields()}
    for group, key, _ in _fields():
        if key in values:
            groups.setdefault(group, {})[key] = values[key]
    try:
        settings = Settings.model_validate(groups)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][1])
        problem = first["msg"].removeprefix("Value error, ")
        allowed = _help_text(fields[key], for_file=True)
        raise SettingsError(
            f"wrong value {shown(values[key])}", where.get(key, key), f"{problem[0].lower()}{problem[1:]} ({allowed})"
        ) from None
    for key in values:
        if key not in fields:
            raise SettingsError(
                "unknown setting",
                where.get(key, key),
                did_you_mean(key, fields) or f"`{program()} config --all` lists all settings",
            )
    return settings


def by_name(settings: Settings) -> dict[str, Any]:
    """Each setting by the name that its flag and its line in config.yaml have."""
    return {key: getattr(getattr(settings, group), key) for group, key, _ in _fields()}


def config_text() -> str:
    """The text of config.yaml: each setting with its description, unit, choices and default."""
    lines = [
        "# Every setting of the program once. The command line wins over this file; `app.py config` shows what holds."
    ]
    last_heading = ""
    for group, key, field in _fields():
        heading = _heading(group, field)
        if heading != last_heading:
            lines += ["", f"# --- {heading} ---"]
            last_heading = heading
        lines += [f"# {_help_text(field, for_file=True)}", _yaml_line(key, field.default)]
    return "\n".join(lines) + "\n"


def _fields() -> Iterator[tuple[str, str, FieldInfo]]:
    """Group, name and field of each setting, in the order of help and config.yaml."""
    for group, field in Settings.model_fields.items():
        options = field.annotation
        if isinstance(options, type) and issubclass(options, Options):
            yield from ((group, key, option) for key, option in options.model_fields.items())


def _read_config(file: Path) -> dict[str, Any]:
    from deeplab_cv.machine.plain_yaml import read_plain_yaml

    if str(file) == os.devnull:
        return {}
    try:
        values = read_plain_yaml(file)
    except OSError as error:
        remedy = "check its name, or leave out --config"
        raise SettingsError("cannot read the settings", file, remedy, cause=error.strerror) from error
    except ValueError as error:
        raise SettingsError("the settings are not plain YAML", file, "mend it, or delete it", cause=error) from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise SettingsError("the settings are not a list of `key: value`", file, "see config.yaml for the form")
    # A key left empty in the file means what it means on the command line when it is not given: the default.
    return {str(key): value for key, value in values.items() if value is not None}


def _help_text(field: FieldInfo, *, for_file: bool = False) -> str:
    parts = [field.description or ""]
    if choices := _choices(field):
        parts.append("one of " + ", ".join(choices))
    elif (unit := _unit(field)) and (for_file or not _extra(field, "counted")):
        parts.append(f"in {unit}" if not unit[0].isdigit() else unit)
    limits = {
        name: getattr(entry, name) for entry in field.metadata for name in ("ge", "gt", "le") if hasattr(entry, name)
    }
    signs = {"ge": "at least", "gt": "more than", "le": "at most"}
    parts += [f"{signs[name]} {value}" for name, value in limits.items() if not _unit(field)[:1].isdigit()]
    if not for_file and field.default not in (None, False) and not isinstance(field.default, dict):
        parts.append("on by default" if field.default is True else f"default {field.default}")
    return "; ".join(parts).replace("%", "%%")


def _choices(field: FieldInfo) -> tuple[str, ...]:
    options = [field.annotation, *get_args(field.annotation)]
    return next((get_args(option) for option in options if get_origin(option) is Literal), ())


def _is_list(field: FieldInfo) -> bool:
    return any(get_args(each)[-1:] == (Ellipsis,) for each in (field.annotation, *get_args(field.annotation)))


def _metavar(field: FieldInfo) -> str:
    if said := _extra(field, "metavar"):
        return said
    if _choices(field):
        return "NAME"
    text = str(field.annotation)
    return "N" if "int" in text or "float" in text else "TEXT"


def _unit(field: FieldInfo) -> str:
    return _extra(field, "unit")


def _heading(group: str, field: FieldInfo) -> str:
    return _extra(field, "heading") or group


def _extra(field: FieldInfo, key: str) -> str:
    extra = field.json_schema_extra
    return str(extra[key]) if isinstance(extra, dict) else ""


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
