import csv
from pathlib import Path

import msgspec
import pytest

from marketplace.accounts.tables import User
from marketplace.auctions import replay
from marketplace.auctions.tables import Auction, Bid
from tests.factories.auctions import hold_invariants

pytestmark = pytest.mark.usefixtures("tables")

HEADER = "auction,item,days,open_price,final_price,bid,bid_day,bidder"
GOOD = [
    "1,Cartier wristwatch,3,0.99,51,50,0.1,b1",
    "1,Cartier wristwatch,3,0.99,51,20,0.2,b2",
    "1,Cartier wristwatch,3,0.99,51,50,0.3,b3",
    "1,Cartier wristwatch,3,0.99,51,50.5,0.4,b4",
    "1,Cartier wristwatch,3,0.99,51,52,2.9999,b4",
    '2,"Palm, a PDA",7,10,99.99,60,1,b1',
]
RECORDED = Path(__file__).resolve().parents[3] / "shared" / "data" / "recorded-bids.csv"


def a_file(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    path = tmp_path / "bids.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


async def test_every_auction_is_played_and_compared(tmp_path, capsys):
    assert await replay.main(a_file(tmp_path, *GOOD), as_json=True) == 0
    *text, last = capsys.readouterr().out.splitlines()
    report = msgspec.json.decode(last)
    assert report == {
        "auctions": 2, "bids": 6, "refused": 1, "exact": 1,
        "differing": [{"auction": "2", "item": "Palm, a PDA", "recorded": "99.99", "got": "10.00"}],
    }  # fmt: skip
    assert "The invariants hold." in text
    assert await Auction.count().where(Auction.status == "ended") == 2 and await Bid.count() == 5
    await hold_invariants()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1,Cartier wristwatch,3,0.99,51,abc,2.9999,b4", "bid 'abc'"),
        ("1,Cartier wristwatch,3,0.99,51,-5,2.9999,b4", "bid '-5'"),
        ("1,Cartier wristwatch,3,0.99,51,1e3,2.9999,b4", "bid '1e3'"),
        ("1,Cartier wristwatch,3,0.99,51,5.001,2.9999,b4", "bid '5.001'"),
        ("1,Cartier wristwatch,3,0.99,51,0,2.9999,b4", "bid '0'"),
        ("1,Cartier wristwatch,3,0.99,51,53,0.0001,b4", "order of time"),
        ("1,Cartier wristwatch,3,0.99,51,53,99,b4", "bid_day"),
        ("1,Cartier wristwatch,4,0.99,51,53,2.9999,b4", "first line"),
        ("3,,3,0.99,51,53,2.9999,b4", "item"),
        ("3,A watch,0,0.99,51,53,2.9999,b4", "days"),
        ("3,A watch,3,0.99,51,53,2.9999", "7 columns"),
        ("3,A watch,3,0.99,51,53,2.9999,b4,more", "9 columns"),
        ("3,A watch,3,0.99,51,53,2.9999,", "bidder"),
        ("3,A watch,3,0.99,51,53,2.9999,b 4;DROP", "bidder"),
        ('3,"A watch,3,0.99,51,53,2.9999,b4', "line 8"),
    ],
)
async def test_a_malformed_line_is_named_and_nothing_is_loaded(tmp_path, capsys, line, said):
    assert await replay.main(a_file(tmp_path, *GOOD, line), as_json=True) == 2
    out, error = capsys.readouterr()
    assert "line 8" in error and said in error and out == ""
    assert (await Auction.count(), await User.count()) == (0, 0)


async def test_a_quote_that_nobody_closes_is_named_where_it_stands(tmp_path):
    rest = GOOD * (csv.field_size_limit() // len(GOOD[0]))
    with pytest.raises(replay.Malformed, match=r"^line 8: "):
        replay.read(a_file(tmp_path, *GOOD, '3,"A watch,3,0.99,51,53,2.9999,b4', *rest))


async def test_other_files_are_refused(tmp_path, capsys):
    binary = tmp_path / "picture.csv"
    binary.write_bytes(b"\xff\xd8\xff\xe0")
    for path in (a_file(tmp_path, header="a,b,c"), tmp_path / "missing.csv", binary, tmp_path):
        assert await replay.main(path, as_json=False) == 2
        assert "replay: " in capsys.readouterr().err
    assert await replay.main(a_file(tmp_path), as_json=False) == 0


async def test_what_fails_half_way_leaves_nothing(tmp_path):
    auctions = replay.read(a_file(tmp_path, *GOOD))

    def interrupt(done: int, _: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await replay.replay(auctions, interrupt)
    assert (await Auction.count(), await User.count()) == (0, 0)


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded auctions are not here")
async def test_the_recorded_auctions_end_as_recorded(capsys):
    assert await replay.main(RECORDED, as_json=True) == 0
    report = msgspec.json.decode(capsys.readouterr().out.splitlines()[-1])
    assert (report["auctions"], report["bids"]) == (314, 5680)
    assert report["exact"] >= 296
