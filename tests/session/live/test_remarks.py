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
        busts=[(7, "a typo", "teach")],
        payments=[(9, "late", "teach")],
    )
    assert unpack_remark(pack_remark(remark)) == remark


def test_nothing_is_no_remark() -> None:
    assert pack_remark(Remark()) == b""


@pytest.mark.parametrize("data", [b"x", b"\x81\xa5names\x01", b""])
def test_what_is_no_remark_is_refused(data: bytes) -> None:
    with pytest.raises(JournalError, match="of another make"):
        unpack_remark(data, "here")


def test_one_remark_says_what_many_have_said() -> None:
    whole = Remark()
    for said in (
        Remark(seats=[(2, "a", "Ann")], speed=(5.0,), state=1, fed=(1, 2, 3, 4), names=[(2, 1, "x")]),
        Remark(seats=[(3, "b", "Bob")], phases=[1, 2], open_ns=5),
        Remark(seats=[(3, "b", "Bob")], speed=(None,), state=0, phases=[3, 4]),
        Remark(news=[(1, 2, "head", "body", ("A",), "me")], payments=[(4, "late", "me")]),
        Remark(payments=[(6, "late again", "me")]),
    ):
        whole.add(said)
    assert whole == Remark(
        seats=[(2, "a", "Ann"), (3, "b", "Bob")],
        speed=(None,),
        state=0,
        phases=[3, 4],
        news=[(1, 2, "head", "body", ("A",), "me")],
        payments=[(4, "late", "me"), (6, "late again", "me")],
    )
