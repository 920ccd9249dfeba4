import doctest
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "python.md"


def test_the_lines_of_docs_python_md_give_what_they_show():
    text = PAGE.read_text(encoding="utf-8")
    example = doctest.DocTestParser().get_doctest(text, {}, "python.md", str(PAGE), 0)
    options = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL | doctest.NORMALIZE_WHITESPACE

    ran = doctest.DocTestRunner(optionflags=options).run(example)

    assert ran.attempted >= 10
    assert ran.failed == 0
