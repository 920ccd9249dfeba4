"""Under which names the outputs of files lie: no two files share one, and no output lies in the place of a folder."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from deeplab_cv.batch.work import Item, Kind
from deeplab_cv.sources.naming import PICTURE_EXTENSIONS


def _none(_: Item) -> Collection[str]:
    return ()


@dataclass(frozen=True)
class Found:
    """A file that an input stands for.

    Attributes:
        file: as it can be opened.
        name: where it lies below the folder, glob or list that named it.
    """

    file: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Names:
    """What decides the names of a job's files.

    Attributes:
        before: file -> the name that an earlier run gave it, which it keeps.
        own: the outputs that earlier runs made, below the job's folder.
        outputs_of: where the outputs of an item go below the job's folder; each is a file, or a folder of them.
    """

    before: Mapping[str, str] = field(default_factory=dict)
    own: Collection[str] = ()
    outputs_of: Callable[[Item], Collection[str]] = _none


def kind_of_file(name: str) -> Kind:
    """What a file is taken for by its extension: a video unless it is a picture's."""
    return "picture" if PurePath(name).suffix.lower() in PICTURE_EXTENSIONS else "video"


def named(found: Iterable[Found], names: Names) -> list[Item]:
    """Items whose outputs do not meet, in the order of their files.

    dog.jpg and dog.png would both become dog.png as masks, and clip.mp4 a folder of them, to which clip/1.jpg adds its
    own. A new file gives way to one that has its name from before, and a file to a folder.
    """
    files = list(found)
    taken = _Taken(names.outputs_of)
    items: dict[str, Item] = {}
    for each in files:
        item = Item(each.file, names.before.get(each.file, ""), kind_of_file(each.file))
        if item.name and taken.clash(item) is None:
            taken.add(item)
            items[each.file] = item
    for path in names.own:
        taken.add_output(path)
    new = [Item(each.file, _below(each.name), kind_of_file(each.file)) for each in files if each.file not in items]
    for item in new:
        taken.add_folders(item)
    for item in new:
        free = _free(item, taken)
        taken.add(free)
        items[item.input] = free
    return [items[each.file] for each in files]


class _Taken:
    """The names that are given, and what lies below the job's folder under them."""

    def __init__(self, outputs_of: Callable[[Item], Collection[str]]) -> None:
        self._outputs_of = outputs_of
        self._keys: set[str] = set()
        self._outputs: set[str] = set()
        self._folders: set[str] = set()

    def clash(self, item: Item) -> int | None:
        """Which part of an item's name, counted from 0, has to be another one; None where all is free."""
        outputs = self._paths_of(item)
        meetings = [depth for path in outputs for depth, each in enumerate(_above(path)) if each in self._outputs]
        if meetings:
            # In front of a name's parts there is the folder of its form.
            return min(meetings) - 1
        if _key(item.name) in self._keys or not self._folders.isdisjoint(outputs):
            return len(PurePath(item.name).parts) - 1
        return None

    def add(self, item: Item) -> None:
        """An item has its name."""
        self._keys.add(_key(item.name))
        for path in self._outputs_of(item):
            self.add_output(path)

    def add_output(self, path: str) -> None:
        """An output has its place, and so have the folders above it."""
        self._outputs.add(_path_key(path))
        self._folders.update(_above(_path_key(path)))

    def add_folders(self, item: Item) -> None:
        """An item wants to lie in these folders, and no output is to lie in their places."""
        for path in self._paths_of(item):
            self._folders.update(_above(path))

    def _paths_of(self, item: Item) -> list[str]:
        return [_path_key(path) for path in self._outputs_of(item)]


def _free(item: Item, taken: _Taken) -> Item:
    """The item with a number after each part of its name that another one has."""
    parts, base, last, number = list(PurePath(item.name).parts), "", -1, 1
    while (at := taken.clash(item)) is not None:
        base, number = (base, number + 1) if at == last else (parts[at], 2)
        last = at
        path = PurePath(base)
        is_file = at == len(parts) - 1
        parts[at] = f"{path.stem}-{number}{path.suffix}" if is_file else f"{base}-{number}"
        item = Item(item.input, str(PurePath(*parts)), item.kind)
    return item


def _below(name: str) -> str:
    """The name without any step up, which would leave the job's folder."""
    return str(PurePath(*[part for part in PurePath(name).parts if part not in ("..", "/", "\\")]))


def _above(path: str) -> Iterator[str]:
    """The folders above a path, the uppermost first."""
    at = path.find("/")
    while at >= 0:
        yield path[:at]
        at = path.find("/", at + 1)


def _key(name: str) -> str:
    # Some file systems take Dog.png and dog.png for one file.
    return str(PurePath(name).with_suffix("")).casefold()


def _path_key(path: str) -> str:
    return PurePath(path).as_posix().casefold()
