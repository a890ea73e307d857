"""Remarks in a journal."""

import pytest

from workbench.errors import JournalError
from workbench.session.live.remarks import Remark, pack_remark, unpack_remark


def test_what_was_said_comes_back() -> None:
    remark = Remark(
        names=[(2, 1 << 61, "näme")],
        seats=[(3, "user", "Ann")],
        news=[(1, 5, "headline", "", ("ACME",), "")],
        state=3,
        speed=(2.5,),
        open_ns=7,
        open_commands=3,
        phases=[0, 6],
        fed=(1, 2, 3, 4),
    )
    assert unpack_remark(pack_remark(remark)) == remark


def test_nothing_is_no_remark() -> None:
    assert pack_remark(Remark()) == b""


@pytest.mark.parametrize("data", [b"x", b"\x81\xa5names\x01", b""])
def test_what_is_no_remark_is_refused(data: bytes) -> None:
    with pytest.raises(JournalError, match="of another make"):
        unpack_remark(data, "here")
