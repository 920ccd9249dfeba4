#!/usr/bin/env python3
"""Makes the sources ready for a package index, where README's relative links lead nowhere; the release job runs it.

  python .ci/publishable.py https://HOST/OWNER/NAME TAG

README's pictures and links then name the repository at that tag, and pyproject.toml gains [project.urls].
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(repository: str, tag: str) -> None:
    """Rewrite README.md and pyproject.toml in place."""
    readme, project = ROOT / "README.md", ROOT / "pyproject.toml"
    readme.write_text(with_absolute_links(readme.read_text(encoding="utf-8"), repository, tag), encoding="utf-8")
    urls = {
        "Source": repository,
        "Issues": f"{repository}/issues",
        "Changelog": f"{repository}/blob/{tag}/CHANGELOG.md",
    }
    table = "[project.urls]\n" + "".join(f'{name} = "{url}"\n' for name, url in urls.items())
    scripts = "[project.scripts]"
    text = project.read_text(encoding="utf-8").replace(scripts, f"{table}\n{scripts}")
    project.write_text(text, encoding="utf-8")


def with_absolute_links(text: str, repository: str, tag: str) -> str:
    """The Markdown with every relative link led to the repository: pictures to the file itself, others to its page."""

    def absolute(found: re.Match[str]) -> str:
        place = "raw" if found["picture"] else "blob"
        return f"{found['picture']}[{found['words']}]({repository}/{place}/{tag}/{found['file']})"

    return re.sub(r"(?P<picture>!?)\[(?P<words>[^\]]*)\]\((?!\w+:|#)(?P<file>[^)]+)\)", absolute, text)


if __name__ == "__main__":
    main(*sys.argv[1:])
