"""A file is whole or not there, whatever happens while it is written."""

import os

import pytest

from mnist_gd._files import write_atomically


def test_it_writes_and_replaces(tmp_path):
    path = tmp_path / "file"
    for content in (b"one", b"another"):
        write_atomically(path, lambda file, content=content: file.write(content))
        assert path.read_bytes() == content
    write_atomically(str(path), lambda file: file.write(b"a path as text"))
    assert list(tmp_path.iterdir()) == [path]


def test_others_may_read_it_as_they_could_any_file(tmp_path):
    (tmp_path / "ordinary").write_bytes(b"")
    write_atomically(tmp_path / "file", lambda file: None)
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_a_file_keeps_its_mode_and_a_link_what_it_leads_to(tmp_path):
    (tmp_path / "kept").write_bytes(b"before")
    (tmp_path / "kept").chmod(0o600)
    (tmp_path / "link").symlink_to("kept")
    write_atomically(tmp_path / "link", lambda file: file.write(b"after"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "kept").read_bytes() == b"after"
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o600


def test_an_error_names_the_file_that_was_asked_for(tmp_path):
    with pytest.raises(FileNotFoundError) as told:
        write_atomically(tmp_path / "nowhere" / "file", lambda file: None)
    assert told.value.filename == str(tmp_path / "nowhere" / "file")


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_what_fails_leaves_the_file_before_and_nothing_else(tmp_path, monkeypatch, step, error):
    path = tmp_path / "file"
    path.write_bytes(b"before")

    def fails(*arguments):
        raise error

    def write(file):
        file.write(b"half of")
        if step == "write":
            fails()

    if step != "write":
        monkeypatch.setattr(os, step, fails)
    with pytest.raises(type(error)):
        write_atomically(path, write)
    monkeypatch.undo()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupt_just_after_the_last_step_is_what_is_raised(tmp_path, monkeypatch):
    """The file is whole then, and there is nothing to be removed."""
    path, replace = tmp_path / "file", os.replace

    def interrupted(old, new):
        replace(old, new)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, lambda file: file.write(b"whole"))
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]
