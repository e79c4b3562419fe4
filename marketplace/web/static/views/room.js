/** One auction, live: what it is, what it costs now, how long it still runs, and a form to bid with. */

import { Refused } from "../client.js";
import { sure } from "../dialogs.js";
import { avatar, h, picture, say } from "../dom.js";
import { clock, dateTime, decimal, minor, money, remaining } from "../format.js";
import { refusal, t } from "../i18n.js";
import { heart } from "./list.js";

export function roomView(page, id) {
  const { market } = page;
  const node = h("section", { "aria-busy": "true" }, h("div.ghost", {}));
  const room = market.room(id);
  let stop = () => {};
  let gone = false;

  market.auction(id).then(
    (auction) => {
      if (gone) return;
      node.setAttribute("aria-busy", "false");
      stop = draw(page, node, room, auction);
      room.connect();
    },
    (error) => {
      if (gone) return;
      node.setAttribute("aria-busy", "false");
      const missing = error.status === 404;
      node.replaceChildren(
        h("div.empty", {}, h("h1", {}, t(missing ? "missing" : "failed")), h("p", {}, missing ? t("missing_hint") : refusal(error)), h("a.button", { href: "#/" }, t("everything"))),
      );
    },
  );
  return {
    node,
    leave() {
      gone = true;
      stop();
      room.close();
    },
  };
}

function draw(page, node, room, auction) {
  const { market } = page;
  const { currency } = auction;
  let chosen = auction.lots[0].id;
  const now = () => room.state ?? auction;
  const lot = () => now().lots.find((one) => one.id === chosen) ?? now().lots[0];
  const text = (amount) => money(amount, currency);
  document.title = `${auction.title} · ${t("title")}`;

  const parts = {
    gallery: gallery(auction),
    status: h("span.tag"),
    here: h("span.soft.small"),
    reserve: h("span.tag"),
    lots: h("div.lots", { role: "group", "aria-label": t("lots"), hidden: auction.lots.length < 2 }),
    priceLabel: h("span.soft.small"),
    price: h("div.big", { "data-role": "price" }),
    timeLabel: h("span.soft.small"),
    time: h("div.big", { "data-role": "countdown", role: "timer", "aria-live": "off" }),
    count: h("span.soft.small"),
    leader: h("span.soft.small"),
    standing: h("p.standing", { role: "status", "data-role": "standing" }),
    bids: h("ol.bids", { "data-role": "bids", tabindex: "0", "aria-label": t("bids_so_far") }),
    noBids: h("p.soft", {}, t("no_bids")),
    ends: h("dd.num"),
    title: h("h1", {}, auction.title),
  };
  const form = bidForm(page, room, { lot, auction, refresh: () => show() });

  node.replaceChildren(
    h("a.back", { href: "#/" }, t("back")),
    h(
      "div.room", {},
      h(
        "div.left", {},
        parts.gallery,
        h(
          "section.panel.about", {},
          h("h2", {}, t("about")),
          auction.description && h("p.prose", {}, auction.description),
          h(
            "dl.facts-list", {},
            h("dt", {}, t("seller")), h("dd", {}, auction.seller.username),
            auction.category && h("dt", {}, t("category")), auction.category && h("dd", {}, auction.category.name),
            h("dt", {}, t("ends")), parts.ends,
          ),
        ),
      ),
      h(
        "div.right", {},
        h(
          "div.heading", {},
          h("div.row", {}, parts.status, parts.here),
          parts.title,
          h("div.row", {}, heart(page, auction, { label: true }), parts.reserve),
        ),
        parts.lots,
        h(
          "section.panel", { "aria-label": t("your_bid") },
          h(
            "div.figures", {},
            h("div", {}, parts.priceLabel, parts.price, parts.leader),
            h("div", {}, parts.timeLabel, parts.time, parts.count),
          ),
          parts.standing,
          form.node,
        ),
        h("section.panel", {}, h("h2", {}, t("bids_so_far")), parts.noBids, parts.bids),
      ),
    ),
  );

  function showStatus() {
    const { status } = room;
    parts.status.className = `tag ${status === "open" ? "live good" : status === "connecting" ? "" : "wait bad"}`;
    parts.status.replaceChildren(h("span.dot", {}), t(status === "open" ? "live" : status === "connecting" ? "connecting" : "reconnecting"));
    parts.status.dataset.status = status;
  }

  function show() {
    const one = lot();
    const ended = one.status === "ended" || one.status === "cancelled";
    showStatus();
    say(parts.title, now().title);
    say(parts.here, now().presence ? t("here", { count: now().presence }) : "");
    const priced = text(one.current_price);
    if (parts.price.textContent && parts.price.textContent !== priced) {
      parts.price.classList.remove("moved");
      void parts.price.offsetWidth; // begin the animation again
      parts.price.classList.add("moved");
    }
    say(parts.price, priced);
    say(parts.priceLabel, t(one.outcome === "sold" ? "price_final" : one.bid_count ? "price_now" : "price_start"));
    say(parts.count, t("bids", { count: one.bid_count }));
    say(parts.leader, one.leader && !ended ? t("leader", { leader: one.leader === market.user?.username ? t("you") : one.leader }) : "");
    parts.reserve.className = `tag ${one.has_reserve ? (one.reserve_met ? "good" : "") : ""}`;
    say(parts.reserve, t(one.has_reserve ? (one.reserve_met ? "reserve_met" : "reserve_not_met") : "no_reserve"));
    say(parts.ends, one.ends_at ? dateTime(one.ends_at) : "–");
    const [words, mood] = standing(one, ended);
    say(parts.standing, words);
    parts.standing.className = `standing ${mood}`;
    parts.standing.hidden = !words;
    form.show(ended);
    showBids(one);
    showLots();
    tick();
  }

  function standing(one, ended) {
    const me = market.user?.username;
    if (one.status === "cancelled") return [t("cancelled"), "bad"];
    if (ended && one.outcome === "sold") return one.winner === me ? [t("won", { amount: text(one.current_price) }), "good"] : [t("sold_to", { winner: one.winner, amount: text(one.current_price) }), ""];
    if (ended) return [t(one.outcome === "reserve_not_met" ? "ended_reserve" : "unsold"), ""];
    if (one.status === "scheduled") return [t("scheduled", { when: auction.starts_at ? dateTime(auction.starts_at) : "" }), ""];
    if (me && auction.seller.username === me) return [t("own"), ""];
    if (me && one.leader === me) return [t("leading"), "good"];
    if (me && one.bids.some((bid) => bid.bidder === me)) return [t("outbid"), "bad"];
    return ["", ""];
  }

  const drawn = new Map();
  function showBids(one) {
    parts.noBids.hidden = one.bids.length > 0;
    parts.bids.hidden = !one.bids.length;
    const wanted = one.bids.slice(0, 50);
    const keys = new Set(wanted.map((bid) => `${one.id} ${bid.bid_no}`));
    for (const [key, row] of drawn) if (!keys.has(key)) (row.remove(), drawn.delete(key));
    const first = drawn.size === 0;
    for (const bid of [...wanted].reverse()) {
      const key = `${one.id} ${bid.bid_no}`;
      if (drawn.has(key)) {
        drawn.get(key).classList.toggle("retracted", bid.retracted);
        continue;
      }
      const row = bidRow(bid, currency, market.user?.username);
      row.classList.toggle("retracted", bid.retracted);
      if (!first) row.classList.add("new");
      drawn.set(key, row);
      parts.bids.prepend(row);
    }
  }

  const lotButtons = auction.lots.map((one) => h("button.button", { type: "button", onclick: () => choose(one.id) }));
  parts.lots.append(...lotButtons);
  function showLots() {
    now().lots.forEach((one, i) => {
      lotButtons[i].setAttribute("aria-pressed", String(one.id === chosen));
      say(lotButtons[i], `${one.title || t("lot", { n: i + 1 })} · ${text(one.current_price)}`);
    });
  }

  function choose(lotId) {
    chosen = lotId;
    form.reset();
    show();
  }

  function tick() {
    const one = lot();
    const scheduled = one.status === "scheduled";
    const until = Date.parse(scheduled ? auction.starts_at : one.ends_at);
    const over = one.status === "ended" || one.status === "cancelled";
    const left = until - room.now();
    say(parts.timeLabel, t(scheduled ? "starts_in" : over ? "ends" : "time_left"));
    say(parts.time, over ? t("ended") : Number.isNaN(left) ? "–" : remaining(left));
    parts.time.classList.toggle("soon", !over && !scheduled && left < 60_000);
  }

  const heard = ({ detail }) => {
    const me = market.user?.username;
    const elsewhere = detail.lot_id && detail.lot_id !== chosen;
    switch (detail.type) {
      case "bid_placed":
      case "auto_bid_triggered":
        if (!elsewhere && detail.leader !== me) page.announce(t("announce_bid", { bidder: detail.leader, amount: text(detail.amount) }));
        if (detail.extended) page.toast(t("extended", { when: clock(detail.ends_at) }));
        break;
      case "user_outbid":
        page.toast(t("outbid_at", { amount: text(detail.new_bid) }), { bad: true });
        break;
      case "auction_ending_soon":
        page.announce(t("ending_soon", { seconds: detail.seconds_remaining }));
        page.toast(t("ending_soon", { seconds: detail.seconds_remaining }));
        break;
      case "auction_ended":
        page.announce(standing(lot(), true)[0]);
        break;
    }
  };
  room.addEventListener("message", heard);
  room.addEventListener("change", show);
  room.addEventListener("status", showStatus);
  const ticking = setInterval(tick, 250);
  show();
  return () => {
    clearInterval(ticking);
    document.title = t("title");
  };
}

function gallery(auction) {
  const shown = h("div.picture", {}, picture(auction.images[0]?.url, auction.id, auction.title, { eager: true }));
  const thumbs = auction.images.length > 1 && h("div.thumbs", {}, ...auction.images.map((image, i) => {
    const button = h("button", { type: "button", "aria-label": t("photo", { n: i + 1 }), "aria-pressed": String(i === 0) }, h("img", { src: image.thumbnail ?? image.url, alt: "" }));
    button.addEventListener("click", () => {
      shown.replaceChildren(picture(image.url, auction.id, image.alt || auction.title, { eager: true }));
      for (const other of button.parentNode.children) other.setAttribute("aria-pressed", String(other === button));
    });
    return button;
  }));
  return h("div.gallery", {}, shown, thumbs);
}

function bidRow(bid, currency, me) {
  const mine = bid.bidder === me;
  return h(
    mine ? "li.mine" : "li", {},
    avatar(bid.bidder),
    h("span.who", {}, mine ? `${bid.bidder} (${t("you")})` : bid.bidder, bid.kind === "auto" && h("span.soft.small", {}, ` · ${t("auto")}`)),
    h("span.what", {}, money(bid.amount, currency), h("time", { datetime: bid.timestamp }, clock(bid.timestamp))),
  );
}

function bidForm(page, room, { lot, auction, refresh }) {
  const { market } = page;
  const { currency } = auction;
  const input = h("input", { id: "bid-amount", inputmode: "decimal", autocomplete: "off", "aria-describedby": "bid-hint bid-wrong", name: "amount" });
  const hint = h("span.soft.small", { id: "bid-hint" });
  const wrong = h("span.wrong", { id: "bid-wrong", role: "alert", hidden: true });
  const standing = h("input", { type: "checkbox", id: "bid-max" });
  const button = h("button.button.primary", { type: "submit" }, t("bid"));
  const quickly = [0, 1, 2].map(() => h("button.button", { type: "button", onclick: (event) => bid(event.currentTarget.value) }));
  const quick = h("div.quick", {}, ...quickly);
  const buy = h("button.button", { type: "button", hidden: true });
  const form = h(
    "form.bidding", { novalidate: true },
    h("div.field", {}, h("label", { for: "bid-amount" }, t("your_bid")), hint),
    quick,
    h("div.amount", {}, h("div.money", {}, h("span", { "aria-hidden": "true" }, currency), input), button),
    wrong,
    h("label.check", { for: "bid-max" }, standing, h("span", {}, t("as_maximum"), h("br"), h("span.soft.small", {}, t("as_maximum_hint")))),
    buy,
  );
  const enter = h("button.button.primary", { type: "button", onclick: page.signIn }, t("sign_in_to_bid"));
  const node = h("div", {}, form, enter);

  function complain(text) {
    wrong.textContent = text || "";
    wrong.hidden = !text;
    input.setAttribute("aria-invalid", String(Boolean(text)));
  }

  /** The refusal in words, with the amounts it names written as money. */
  function explain(error) {
    const minimum = error.details.minimum ?? error.details.minimum_bid;
    complain(refusal(error, { ...error.details, minimum: minimum && money(minimum, currency) }));
  }

  async function bid(amount) {
    complain("");
    const { id } = lot();
    button.disabled = true;
    try {
      if (standing.checked) {
        await market.autoBid(auction.id, amount, id);
        page.toast(t("bid_auto_good", { amount: money(amount, currency) }));
      } else {
        const result = await room.placeBid(amount, id);
        page.toast(t(result.leading ? "bid_good" : "bid_not_leading", { amount: money(result.leading ? amount : result.current_price, currency) }));
      }
      reset();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      explain(error);
      input.focus();
    } finally {
      button.disabled = false;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = input.value.trim() || input.placeholder;
    const units = minor(wanted, currency);
    if (units === null) return complain(t("refused_invalid_amount"));
    bid(decimal(units, currency));
  });
  buy.addEventListener("click", async () => {
    const one = lot();
    const amount = money(one.buy_now_price, currency);
    if (!(await sure(t("buy_now_sure", { title: auction.title, amount })))) return;
    await market.buyNow(auction.id, one.id).catch(explain);
    refresh();
  });

  function reset() {
    input.value = "";
    standing.checked = false;
    complain("");
  }

  let offered = "";
  return {
    node,
    reset,
    show(ended) {
      const one = lot();
      const own = auction.seller.username === market.user?.username;
      const open = one.status === "active" && !ended && !own;
      form.hidden = !open || !market.user;
      enter.hidden = !open || Boolean(market.user);
      if (form.hidden) return;
      say(hint, t("bid_min", { amount: money(one.minimum_bid, currency) }));
      input.placeholder = one.minimum_bid;
      buy.hidden = !one.buy_now_price;
      if (one.buy_now_price) say(buy, t("buy_now", { amount: money(one.buy_now_price, currency) }));
      const key = `${one.id} ${one.minimum_bid}`;
      if (key === offered) return;
      offered = key;
      const least = minor(one.minimum_bid, currency);
      // The next step the house would ask for; before the first bid, a round one.
      const step = one.leader ? least - minor(one.current_price, currency) : least / 10n || 1n;
      [0n, 1n, 4n].forEach((n, i) => {
        const amount = decimal(least + n * step, currency);
        quickly[i].value = amount;
        quickly[i].setAttribute("aria-label", t("bid_amount", { amount: money(amount, currency) }));
        say(quickly[i], money(amount, currency));
      });
    },
  };
}
