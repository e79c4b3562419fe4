/** Running auctions, or the ones that are watched: cards, categories, order, search. */

import { h, icon, picture, say } from "../dom.js";
import { money, remaining } from "../format.js";
import { t } from "../i18n.js";

const ORDERS = { ends_at: "order_ends", "-created_at": "order_new", current_price: "order_cheap", "-current_price": "order_dear", "-bid_count": "order_bids" };
const SOON = 10 * 60 * 1000;
const FRESH = 10_000;
const PAGE = 24;

export function listView(page, kind, wanted) {
  const { market } = page;
  const grid = h("ul.grid", { "aria-busy": "true" });
  const count = h("p.soft", { role: "status" });
  const more = h("div.more");
  const chips = h("div.chips", { role: "group", "aria-label": t("category") });
  const order = h("select", { onchange: () => go({ ordering: order.value }) },
    ...Object.entries(ORDERS).map(([value, key]) => h("option", { value, selected: value === (wanted.ordering || "ends_at") }, t(key))));
  const node = h(
    "section", {},
    h("div.bar", {}, h("div", {}, h("h1", {}, t(kind)), count), h("label", {}, t("order"), order)),
    kind === "running" && chips,
    grid,
    more,
  );
  let gone = false;
  const cards = new Map();

  function go(change) {
    const next = new URLSearchParams({ ...wanted, ...change });
    for (const [name, value] of [...next]) if (!value) next.delete(name);
    location.hash = `#/${kind === "watchlist" ? "watchlist" : ""}${next.size ? `?${next}` : ""}`;
  }

  function ask(cursor) {
    const query = { ordering: "ends_at", ...wanted, cursor, page_size: PAGE };
    return kind === "watchlist" ? market.watchlist(query) : market.auctions(query);
  }

  async function load(cursor) {
    try {
      const { data, meta } = await ask(cursor);
      if (gone) return;
      if (!cursor) {
        grid.replaceChildren();
        cards.clear();
      }
      for (const auction of data.results) {
        const made = card(page, auction);
        cards.set(auction.id, made);
        grid.append(made.node);
      }
      say(count, t("results", { count: data.count }));
      more.replaceChildren(...(meta?.next_cursor ? [h("button.button", { type: "button", onclick: () => load(meta.next_cursor) }, t("more"))] : []));
      if (!data.results.length && !cursor) nothing();
    } catch (error) {
      if (gone) return;
      grid.replaceChildren();
      if (error.status === 401) {
        more.replaceChildren(h("div.empty", {}, h("button.button.primary", { type: "button", onclick: page.signIn }, t("sign_in"))));
        return;
      }
      page.failed(error);
      more.replaceChildren(h("div.empty", {}, h("h2", {}, t("failed")), h("button.button", { type: "button", onclick: () => load() }, t("retry"))));
    } finally {
      grid.setAttribute("aria-busy", "false");
    }
  }

  function nothing() {
    const watch = kind === "watchlist";
    more.replaceChildren(h("div.empty", {}, icon(watch ? "heart" : "search"), h("h2", {}, t(watch ? "watch_nothing" : "nothing")), h("p", {}, t(watch ? "watch_nothing_hint" : "nothing_hint")), h("a.button", { href: "#/" }, t("everything"))));
  }

  /** Prices and counts of what is on the screen. Cards come and go only while nobody is among them. */
  async function freshen() {
    if (document.hidden) return;
    const answer = await ask().catch(() => null);
    if (gone || !answer) return;
    const fresh = answer.data.results;
    const same = fresh.length === cards.size && fresh.every((auction) => cards.has(auction.id));
    const busy = cards.size > PAGE || grid.contains(document.activeElement) || grid.matches(":hover");
    if (!same && !busy) return load();
    for (const auction of fresh) cards.get(auction.id)?.show(auction);
  }

  async function showCategories() {
    const found = await market.categories().catch(() => null);
    if (gone || !found) return;
    const categories = found.results;
    const busy = categories.filter((category) => category.item_counts.auction);
    const chip = (slug, name) => h("button.button", { type: "button", "aria-pressed": String((wanted.category || "") === slug), onclick: () => go({ category: slug }) }, name);
    chips.replaceChildren(chip("", t("all")), ...busy.map((category) => chip(category.slug, category.name)));
  }

  for (let i = 0; i < 8; i++) grid.append(h("li.ghost", { "aria-hidden": "true" }));
  load();
  if (kind === "running") showCategories();
  const ticking = setInterval(() => cards.forEach((made) => made.tick()), 1000);
  const freshening = setInterval(freshen, FRESH);
  return {
    node,
    leave() {
      gone = true;
      clearInterval(ticking);
      clearInterval(freshening);
    },
  };
}

function card(page, auction) {
  const price = h("span.price.num");
  const bids = h("span.soft.small");
  const left = h("span.small.num");
  const title = h("a", { href: `#/auction/${auction.id}` }, auction.title);
  const node = h(
    "li", {},
    h(
      "article.card", {},
      h("div.picture", {}, picture(auction.image, auction.id, auction.title)),
      heart(page, auction),
      h("div.body", {}, h("h2", {}, title), h("div.facts", {}, price, bids), left),
    ),
  );
  let shown = auction;
  const made = {
    node,
    show(newer) {
      shown = newer;
      say(price, money(newer.current_price, newer.currency));
      say(bids, t("bids", { count: newer.bid_count }));
      made.tick();
    },
    tick() {
      const ahead = Date.parse(shown.ends_at) - page.market.now();
      const over = ahead <= 0 || shown.status !== "active";
      say(left, shown.status === "scheduled" ? t("scheduled", { when: new Date(shown.starts_at).toLocaleString() }) : over ? t("ended") : remaining(ahead));
      left.classList.toggle("soon", !over && ahead < SOON);
      left.classList.toggle("soft", over || ahead >= SOON);
    },
  };
  made.show(auction);
  return made;
}

/** The button that watches an auction, or stops to. */
export function heart(page, auction, { label = false } = {}) {
  const button = h(label ? "button.button" : "button.button.round.heart", { type: "button" }, icon("heart"), label && h("span"));
  const show = () => {
    button.setAttribute("aria-pressed", String(Boolean(auction.is_watched)));
    button.setAttribute("aria-label", t("watch_this", { title: auction.title }));
    if (label) say(button.lastChild, t(auction.is_watched ? "watching" : "watch"));
  };
  button.addEventListener("click", async () => {
    if (!page.market.user) await page.signIn();
    if (!page.market.user) return;
    const before = auction.is_watched;
    auction.is_watched = !before;
    show();
    try {
      await (before ? page.market.unwatch(auction.id) : page.market.watch(auction.id));
    } catch (error) {
      auction.is_watched = before;
      show();
      page.failed(error);
    }
  });
  show();
  return button;
}
