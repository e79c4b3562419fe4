"""The rules as one pure function, against a plain model that was written without it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from marketplace.auctions import bidding
from marketplace.auctions.bidding import Maximum, Recorded, Sniping, Standing, Terms
from marketplace.auctions.errors import BidTooLow, BuyNowGone, MaximumNotRaised
from marketplace.auctions.increments import DEFAULT, default_for, increment
from marketplace.auctions.states import BidKind

T0 = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE = [UUID(int=n + 1) for n in range(5)]
A, B, C, D, _ = PEOPLE


def terms(**over) -> Terms:
    return Terms(**({"start_minor": 99, "increments": DEFAULT} | over))


def play(lot: Terms, *bids: tuple[UUID, int]) -> Standing:
    standing = bidding.opening(lot)
    for bidder, amount in bids:
        standing = bidding.resolve(lot, standing, Maximum(bidder=bidder, max_minor=amount, at=T0)).after
    return standing


@pytest.mark.parametrize(
    ("price", "step"),
    [(1, 5), (99, 5), (100, 25), (499, 25), (500, 50), (2499, 50), (2500, 100), (9999, 100), (10000, 250), (24999, 250),
     (25000, 500), (50000, 1000), (100000, 2500), (250000, 5000), (499999, 5000), (500000, 10000), (10**12, 10000)],
)  # fmt: skip
def test_increments_by_price(price, step):
    assert increment(DEFAULT, price) == step


def test_increments_of_currencies_with_other_decimals():
    assert default_for("JPY") == DEFAULT
    assert default_for("KWD")[1] == (1000, 250)


def test_a_bid_of_exactly_the_minimum_is_good_and_one_below_is_refused_with_it_named():
    lot = terms()
    standing = play(lot, (A, 5000), (B, 2000))
    assert bidding.minimum(lot, standing) == 2100
    with pytest.raises(BidTooLow) as refused:
        bidding.resolve(lot, standing, Maximum(bidder=C, max_minor=2099, at=T0))
    assert refused.value.limit_minor == 2100
    assert play(lot, (A, 5000), (B, 2000), (C, 2100)).price_minor == 2150


def test_a_leader_who_raises_does_not_move_the_price():
    lot = terms()
    standing = play(lot, (A, 5000), (B, 2000), (A, 9000))
    assert (standing.price_minor, standing.leader, standing.leader_max_minor) == (2050, A, 9000)


def test_a_leader_who_raises_over_the_reserve_moves_the_price_to_it():
    lot = terms(start_minor=1000, reserve_minor=10000)
    assert play(lot, (A, 6000)).price_minor == 1000
    assert play(lot, (A, 6000), (A, 10000)).price_minor == 10000


@pytest.mark.parametrize("amount", [4999, 5000])
def test_a_leader_may_not_lower(amount):
    lot = terms()
    with pytest.raises(MaximumNotRaised) as refused:
        play(lot, (A, 5000), (A, amount))
    assert refused.value.limit_minor == 5000


def test_buy_now_goes_with_the_first_bid_or_when_the_reserve_is_met():
    plain, reserved = terms(buy_now_minor=20000), terms(buy_now_minor=20000, reserve_minor=10000)
    assert bidding.buy_now_open(plain, bidding.opening(plain))
    assert not bidding.buy_now_open(plain, play(plain, (A, 5000)))
    assert bidding.buy_now_open(reserved, play(reserved, (A, 5000)))
    assert not bidding.buy_now_open(reserved, play(reserved, (A, 10000)))
    bought = bidding.buy_now(reserved, play(reserved, (A, 5000)), B, T0)
    assert (bought.after.price_minor, bought.after.leader, bought.outbid) == (20000, B, A)
    with pytest.raises(BuyNowGone):
        bidding.buy_now(plain, play(plain, (A, 5000)), B, T0)


def test_anti_sniping_moves_the_end_up_to_the_cap_and_never_back():
    sniping = Sniping(timedelta(minutes=2), timedelta(minutes=2))
    end, latest = T0 + timedelta(hours=1), T0 + timedelta(hours=2)
    early, at_window, late = end - timedelta(seconds=121), end - timedelta(seconds=120), end - timedelta(seconds=5)
    assert sniping.end_after(early, end, latest) == end
    assert sniping.end_after(at_window, end, latest) == end
    assert sniping.end_after(late, end, latest) == late + timedelta(minutes=2)
    assert sniping.end_after(latest - timedelta(seconds=30), latest - timedelta(seconds=1), latest) == latest
    short = Sniping(timedelta(minutes=5), timedelta(minutes=1))
    assert short.end_after(end - timedelta(minutes=3), end, latest) == end


def test_a_retracted_bid_is_as_if_never_placed():
    lot = terms()
    history = [
        Recorded(seq=1, kind=BidKind.BID, bidder=A, max_minor=5000, at=T0),
        Recorded(seq=2, kind=BidKind.BID, bidder=B, max_minor=90000, at=T0),
        Recorded(seq=3, kind=BidKind.BID, bidder=C, max_minor=6000, at=T0),
        Recorded(seq=4, kind=BidKind.RETRACTION, bidder=B, max_minor=90000, at=T0, target_seq=2),
    ]
    assert bidding.replay(lot, history[:3]).leader == B
    after = bidding.replay(lot, history)
    assert (after.leader, after.price_minor, after.leader_max_minor) == (C, 5100, 6000)


def test_a_cap_never_raises_a_maximum():
    standing = Standing(price_minor=2000, leader=A, leader_max_minor=3000, leader_max_at=T0)
    assert bidding.cap(standing, 5000).leader_max_minor == 3000
    assert bidding.cap(standing, 0).leader_max_minor == 2000


class PlainAuction:
    """The rules once more, as somebody would do them with a notebook: all maxima on a list, sorted afresh each time."""

    def __init__(self, start: int, reserve: int | None) -> None:
        self.start, self.reserve = start, reserve
        self.best: dict[UUID, tuple[int, int]] = {}  # bidder -> (maximum, when it was reached)
        self.price, self.turn = start, 0

    def step(self, price: int) -> int:
        return [step for bound, step in [(0, 5), *DEFAULT] if bound <= price][-1]

    def ranking(self) -> list[tuple[UUID, int]]:
        return [(who, best[0]) for who, best in sorted(self.best.items(), key=lambda item: (-item[1][0], item[1][1]))]

    def bid(self, who: UUID, amount: int) -> bool:
        self.turn += 1
        least = self.price + self.step(self.price) if self.best else self.start
        mine = self.best.get(who, (0, 0))[0]
        leads = bool(self.best) and self.ranking()[0][0] == who
        if amount < least or (leads and amount <= mine):
            return False
        self.best[who] = (amount, self.turn)
        (_, first), *others = self.ranking()
        if others and not leads:
            second = others[0][1]
            self.price = max(self.price, min(first, second + self.step(second)))
        if self.reserve is not None and first >= self.reserve:
            self.price = max(self.price, self.reserve)
        return True


class Bidding(RuleBasedStateMachine):
    """Any bids by anybody: the function and the notebook agree after each one."""

    @initialize(start=st.integers(1, 30_000), reserve=st.none() | st.integers(0, 50_000))
    def open(self, start: int, reserve: int | None) -> None:
        reserve = None if reserve is None else start + reserve
        self.lot = Terms(start_minor=start, reserve_minor=reserve, increments=DEFAULT)
        self.standing = bidding.opening(self.lot)
        self.model = PlainAuction(start, reserve)
        self.rows: list[Recorded] = []

    @rule(who=st.sampled_from(PEOPLE), amount=st.integers(1, 120_000))
    def bid_anything(self, who: UUID, amount: int) -> None:
        self._bid(who, amount)

    @rule(who=st.sampled_from(PEOPLE), over=st.sampled_from([-1, 0, 1, 24, 25, 99, 100, 249, 250, 500, 5000]))
    def bid_near_the_minimum(self, who: UUID, over: int) -> None:
        self._bid(who, max(1, bidding.minimum(self.lot, self.standing) + over))

    @rule(who=st.sampled_from(PEOPLE), over=st.sampled_from([-1, 0, 1, 100]))
    def bid_near_the_leaders_maximum(self, who: UUID, over: int) -> None:
        self._bid(who, max(1, self.standing.leader_max_minor + over))

    def _bid(self, who: UUID, amount: int) -> None:
        before = self.standing
        at = T0 + timedelta(seconds=len(self.rows))
        try:
            outcome = bidding.resolve(self.lot, before, Maximum(bidder=who, max_minor=amount, at=at))
        except (BidTooLow, MaximumNotRaised):
            assert not self.model.bid(who, amount)
            return
        assert self.model.bid(who, amount)
        self.standing = outcome.after
        self.rows.append(Recorded(seq=len(self.rows) + 1, kind=BidKind.BID, bidder=who, max_minor=amount, at=at))
        assert self.standing.price_minor >= before.price_minor
        assert (outcome.outbid is not None) == (before.leader not in (None, self.standing.leader))

    @invariant()
    def they_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        assert self.standing.price_minor == self.model.price
        if self.model.best:
            assert (self.standing.leader, self.standing.leader_max_minor) == self.model.ranking()[0]
            met = self.lot.reserve_minor is None or self.model.ranking()[0][1] >= self.lot.reserve_minor
            assert bidding.reserve_met(self.lot, self.standing) == met

    @invariant()
    def history_gives_the_same(self) -> None:
        if hasattr(self, "rows"):
            assert bidding.replay(self.lot, self.rows) == self.standing


TestBidding = Bidding.TestCase
TestBidding.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(1, 60_000)), max_size=20), st.integers(0, 19))
def test_taking_a_bid_back_leaves_every_other_one_good(bids, which):
    """Of the bids that remain, the highest leads and of equal ones the first, whoever took what back."""
    lot, rows = terms(), []
    standing = bidding.opening(lot)
    for who, amount in bids:
        try:
            standing = bidding.resolve(lot, standing, Maximum(bidder=who, max_minor=amount, at=T0)).after
        except (BidTooLow, MaximumNotRaised):
            continue
        rows.append(Recorded(seq=len(rows) + 1, kind=BidKind.BID, bidder=who, max_minor=amount, at=T0))
    remain = [row for row in rows if row.seq != which]
    replayed = bidding.replay(lot, rows, frozenset({which}))
    if not remain:
        assert replayed == bidding.opening(lot)
        return
    highest = max(remain, key=lambda row: (row.max_minor, -row.seq))
    assert (replayed.leader, replayed.leader_max_minor) == (highest.bidder, highest.max_minor)
    assert lot.start_minor <= replayed.price_minor <= highest.max_minor


def test_who_takes_a_bid_back_does_not_cost_another_the_lead():
    """Without B's first bid the price would have been higher, and C's bid below the minimum. It stays good."""
    lot, a, b, c = terms(), *PEOPLE[:3]
    bids = [(b, 1667), (a, 1638), (b, 1700), (c, 1720)]
    rows = [
        Recorded(seq=i, kind=BidKind.BID, bidder=who, max_minor=amount, at=T0)
        for i, (who, amount) in enumerate(bids, start=1)
    ]
    assert bidding.replay(lot, rows).leader == c
    after = bidding.replay(lot, rows, frozenset({1}))
    assert (after.leader, after.price_minor) == (c, 1720)
