"""Build the book once more and say which files differ from those of a published build.

``make verify PUBLISHED=place`` calls this. The place is the folder of a built book, or the file
``SHA256SUMS`` of one; by default it is the book built here. What the book is made from is copied
to a folder of its own, without the records of trainings: so all is trained anew, as on a fresh
clone. ``--records`` takes the records of a folder along, to spare that.

Run it with the same ``SOURCE_DATE_EPOCH`` as the published build, if that had one.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import inputs

BOOK = Path(__file__).resolve().parent
sys.path.append(str(BOOK / "_ext"))

from sums import SUMS, read_sums, sums_of  # noqa: E402


def differences(published, rebuilt):
    """What two tables of sums do not have in common, as a line for each file."""
    lines = []
    for name in sorted(published.keys() | rebuilt.keys()):
        if name not in rebuilt:
            lines.append(f"missing  {name}")
        elif name not in published:
            lines.append(f"new      {name}")
        elif published[name] != rebuilt[name]:
            lines.append(f"differs  {name}")
    return lines


def sums_at(place):
    """The sums of a published book; of a folder they are taken anew, and must be as it says."""
    if not place.is_dir():
        return read_sums(place)
    said, found = read_sums(place / SUMS), sums_of(place)
    if changed := differences(said, found):
        raise ValueError(f"{place} is not as it was built: {', '.join(changed)}")
    return found


def copied(target, root=BOOK.parent, records=None):
    """Copy what the book is made from, and records if they are given; return the new book."""
    for name, path in inputs.files(root).items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if path != root / inputs.STUDIES:
            shutil.copy2(path, target / name)
    if records is not None:
        shutil.copytree(records, target / "book" / "_build" / "records")
    return target / "book"


def build(book):
    """Build a book as `make book` does, and return its folder of pages."""
    program = Path(sys.executable).with_name("jupyter-book")
    command = [program, "build", ".", "-W", "--keep-going", "--all"]
    subprocess.run(command, cwd=book, check=True)
    return book / "_build" / "html"


def main():
    """Compare, and exit with 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("published", type=Path, nargs="?", default=BOOK / "_build" / "html")
    parser.add_argument("--records", type=Path, help="folder of records to take along")
    options = parser.parse_args()
    try:
        published = sums_at(options.published)
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    with tempfile.TemporaryDirectory() as folder:
        book = copied(Path(folder) / "mnist_gd", records=options.records)
        rebuilt = read_sums(build(book) / SUMS)
    found = differences(published, rebuilt)
    print("\n".join(found) or f"All {len(published)} files are the same.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
