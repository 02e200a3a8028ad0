"""Files appear whole or not at all."""

import os
import stat

import pytest

from fxp.files import replacing


def test_a_file_replaces_the_old_one_when_the_block_ends(tmp_path):
    target = tmp_path / "codes.npz"
    target.write_text("old")
    with replacing(target) as draft:
        draft.write_text("new")
        assert target.read_text() == "old"
        assert (draft.parent, draft.suffix) == (tmp_path, ".npz")
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_an_error_leaves_the_old_file_and_no_draft(tmp_path):
    target = tmp_path / "codes.npz"
    target.write_text("old")
    with pytest.raises(UnicodeEncodeError), replacing(target) as draft, draft.open("w", encoding="ascii") as file:
        _ = file.write("half of the "), file.flush(), file.write("codes Δ")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_missing_folders_are_made(tmp_path):
    target = tmp_path / "a" / "b" / "c.json"
    with replacing(str(target)) as draft:
        draft.write_text("{}")
    assert target.read_text() == "{}"


def test_two_drafts_of_one_file_do_not_meet(tmp_path):
    target = tmp_path / "codes.npz"
    with replacing(target) as first, replacing(target) as second:
        first.write_text("first")
        second.write_text("second")
    assert target.read_text() == "first"  # the block that ended last


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    with replacing(tmp_path / "new"):
        pass
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_folder_is_not_replaced(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"), replacing(tmp_path / "folder") as draft:
        draft.write_text("x")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_a_file_where_a_folder_should_be_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"), replacing(tmp_path / "file" / "codes.npz"):
        pytest.fail("nothing to write to")
