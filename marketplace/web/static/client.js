/**
 * The example client: everything a program needs to take part in an auction, and nothing about how it looks.
 *
 *   const market = new Marketplace();
 *   await market.login("ada@example.com", "a long password");
 *   const room = market.room(auctionId);
 *   room.addEventListener("change", () => console.log(room.state.current_price));
 *   room.connect();
 *   await room.placeBid("51.00");
 */

/** A refusal of the server. `code` is stable and for programs, `message` for people, `details` says what would be right. */
export class Refused extends Error {
  constructor(status, body) {
    super(body?.message || `HTTP ${status}`);
    this.status = status;
    this.code = body?.code || "error";
    this.errors = body?.errors || {};
    this.details = body?.details || {};
  }
}

/** The server could not be reached, or did not answer. */
export class Unreachable extends Refused {
  constructor() {
    super(0, { code: "unreachable", message: "The server cannot be reached." });
  }
}

const SESSION = "marketplace.session";

export class Marketplace extends EventTarget {
  /** `storage` keeps the session between visits; anything with getItem, setItem and removeItem will do. */
  constructor({ base = location.origin, storage = localStorage, language = () => navigator.language } = {}) {
    super();
    this.base = base;
    this.storage = storage;
    this.language = language;
    this.refreshing = null;
    this.clockOffset = 0; // milliseconds the server's clock is ahead of ours, to the second
  }

  /** The server's time now, as milliseconds since 1970. A room knows it more exactly. */
  now() {
    return Date.now() + this.clockOffset;
  }

  // -- requests ------------------------------------------------------------------------------------------------

  /** The `data` of the answer. Signs in again by the refresh token, once, when the access token has run out. */
  async request(method, path, options = {}) {
    return (await this.envelope(method, path, options)).data;
  }

  async envelope(method, path, { query, body, key } = {}) {
    const url = new URL(path.startsWith("http") ? path : `/api/v1${path}`, this.base);
    for (const [name, value] of Object.entries(query || {})) {
      if (value !== undefined && value !== null && value !== "") url.searchParams.set(name, value);
    }
    let answer = await this.#send(method, url, body, key);
    if (answer.status === 401 && this.session && (await this.refresh())) {
      answer = await this.#send(method, url, body, key);
    }
    if (answer.status === 204) return { data: null };
    const parsed = await answer.json().catch(() => null);
    if (!answer.ok) throw new Refused(answer.status, parsed);
    return parsed;
  }

  async #send(method, url, body, key) {
    const headers = { accept: "application/json", "accept-language": this.language() };
    if (body !== undefined) headers["content-type"] = "application/json";
    if (key) headers["idempotency-key"] = key;
    if (this.session) headers.authorization = `Bearer ${this.session.access}`;
    try {
      const answer = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
      const date = Date.parse(answer.headers.get("date"));
      if (date) this.clockOffset = date + 500 - Date.now();
      return answer;
    } catch {
      throw new Unreachable();
    }
  }

  // -- who is asking -------------------------------------------------------------------------------------------

  /** {access, refresh, user} of the one who is signed in, or null. */
  get session() {
    const kept = this.storage.getItem(SESSION);
    return kept ? JSON.parse(kept) : null;
  }

  set session(value) {
    const before = this.session?.user?.id;
    if (value) this.storage.setItem(SESSION, JSON.stringify(value));
    else this.storage.removeItem(SESSION);
    if (before !== value?.user?.id) this.dispatchEvent(new Event("session"));
  }

  get user() {
    return this.session?.user ?? null;
  }

  /** `code` answers the second factor; without it such a login is refused with `second_factor_required`. */
  async login(email, password, code) {
    const body = { email, password, ...(code && { code }) };
    return this.#begin(await this.request("POST", "/auth/login/", { body }));
  }

  /** `answer` is {state, code, code_verifier}: what POST /auth/social/{provider}/start/ gave, and the code that came back. */
  async socialLogin(provider, answer) {
    return this.#begin(await this.request("POST", `/auth/social/${provider}/`, { body: answer }));
  }

  async register({ username, email, password }) {
    const body = { username, email, password, language: this.language() };
    return this.#begin(await this.request("POST", "/auth/register/", { body }));
  }

  #begin({ access, refresh, user }) {
    this.session = { access, refresh, user };
    return user;
  }

  async logout() {
    const { refresh } = this.session ?? {};
    try {
      if (refresh) await this.request("POST", "/auth/logout/", { body: { refresh } });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    } finally {
      this.session = null;
    }
  }

  /** New tokens for old. A refresh token works once, so one tab asks at a time and the others use what it got. */
  async refresh() {
    const stale = this.session?.access;
    this.refreshing ??= this.#oneTab(async () => {
      const current = this.session;
      if (!current) return false;
      if (current.access !== stale) return true;
      const url = new URL("/api/v1/auth/token/refresh/", this.base);
      const answer = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ refresh: current.refresh }),
      }).catch(() => null);
      if (!answer) throw new Unreachable();
      if (!answer.ok) {
        if (answer.status < 500 && answer.status !== 429) this.session = null;
        return false;
      }
      const { data } = await answer.json();
      this.session = { ...current, access: data.access, refresh: data.refresh ?? current.refresh };
      return true;
    }).finally(() => (this.refreshing = null));
    return this.refreshing;
  }

  #oneTab(work) {
    return navigator.locks ? navigator.locks.request(SESSION, work) : work();
  }

  // -- the marketplace -----------------------------------------------------------------------------------------

  auctions(query) {
    return this.envelope("GET", "/auctions/active/", { query });
  }

  watchlist(query) {
    return this.envelope("GET", "/auctions/watchlist/", { query });
  }

  auction(id) {
    return this.request("GET", `/auctions/${id}/`);
  }

  categories() {
    return this.request("GET", "/categories/");
  }

  watch(id) {
    return this.request("POST", `/auctions/${id}/watch/`);
  }

  unwatch(id) {
    return this.request("DELETE", `/auctions/${id}/watch/`);
  }

  /** A standing maximum: the house bids for you, no more than needed, up to it. One that stands already is raised. */
  async autoBid(auctionId, maximum, lotId) {
    const body = { auction_id: auctionId, lot_id: lotId, max_bid: maximum };
    try {
      return await this.request("POST", "/auto-bids/", { body, key: crypto.randomUUID() });
    } catch (error) {
      if (error.code !== "auto_bid_exists") throw error;
      const { results } = await this.request("GET", "/auto-bids/", { query: { auction_id: auctionId } });
      const rule = results.find((one) => one.lot_id === lotId);
      return this.request("PUT", `/auto-bids/${rule.id}/`, { body: { max_bid: maximum } });
    }
  }

  buyNow(auctionId, lotId) {
    return this.request("POST", `/auctions/${auctionId}/buy-now/`, {
      body: { lot_id: lotId },
      key: crypto.randomUUID(),
    });
  }

  notifications(query) {
    return this.request("GET", "/notifications/", { query });
  }

  /** {count} of notifications that have not been read. */
  unread() {
    return this.request("GET", "/notifications/unread-count/");
  }

  readAll() {
    return this.request("POST", "/notifications/read-all/");
  }

  /** A one-use ticket that stands for the session when a socket opens: a browser cannot send a header there. */
  async ticket() {
    return (await this.request("POST", "/auth/ws-ticket/")).ticket;
  }

  room(auctionId) {
    return new AuctionRoom(this, auctionId);
  }

  inbox() {
    return new Socket(this, `/ws/notifications/${this.user.id}/`);
  }
}

/**
 * A socket that stays: it reconnects by itself, and asks for what it missed by the last number it saw.
 *
 * Events: "message" (detail: the message), "status" (see `status`: connecting, open, waiting, closed).
 */
export class Socket extends EventTarget {
  constructor(market, path) {
    super();
    this.market = market;
    this.path = path;
    this.seq = null;
    this.status = "closed";
    this.wanted = false;
    this.attempts = 0;
    this.waiting = new Map();
    this.clockOffset = market.clockOffset;
    this.bestTrip = Infinity;
    this.wake = () => this.status === "waiting" && this.#open();
  }

  connect() {
    if (this.wanted) return;
    this.wanted = true;
    addEventListener("online", this.wake);
    this.#open();
  }

  close() {
    this.wanted = false;
    removeEventListener("online", this.wake);
    clearTimeout(this.timer);
    clearInterval(this.pinging);
    this.socket?.close(1000);
    this.#become("closed");
  }

  /** The server's time now, as milliseconds since 1970. */
  now() {
    return Date.now() + this.clockOffset;
  }

  /** Send a message and await the answer that carries its id. */
  ask(message, timeout = 10_000) {
    return new Promise((resolve, reject) => {
      if (this.socket?.readyState !== WebSocket.OPEN) return reject(new Unreachable());
      const id = crypto.randomUUID();
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Unreachable());
      }, timeout);
      this.waiting.set(id, { resolve, reject, timer });
      this.socket.send(JSON.stringify({ ...message, id }));
    });
  }

  async #open() {
    clearTimeout(this.timer);
    this.#become("connecting");
    const url = new URL(this.path, this.market.base);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    if (this.seq !== null) url.searchParams.set("since", this.seq);
    try {
      if (this.market.session) url.searchParams.set("ticket", await this.market.ticket());
    } catch (error) {
      // A session that has ended leaves a spectator; a server that is away is tried again.
      if (!(error instanceof Refused) || error.status !== 401) return this.#again();
    }
    if (!this.wanted) return;
    const socket = (this.socket = new WebSocket(url));
    socket.onopen = () => {
      this.attempts = 0;
      this.#become("open");
      this.#ping();
      clearInterval(this.pinging);
      this.pinging = setInterval(() => this.#ping(), 20_000);
    };
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = () => {
      if (this.socket !== socket) return;
      clearInterval(this.pinging);
      for (const { reject, timer } of this.waiting.values()) {
        clearTimeout(timer);
        reject(new Unreachable());
      }
      this.waiting.clear();
      if (this.wanted) this.#again();
    };
  }

  /** Wait a little longer each time, and never all clients at the same moment. */
  #again() {
    if (!this.wanted) return;
    this.#become("waiting");
    const delay = Math.min(250 * 2 ** this.attempts++, 8_000) * (0.5 + Math.random() / 2);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#open(), delay);
  }

  #become(status) {
    if (this.status === status) return;
    this.status = status;
    this.dispatchEvent(new Event("status"));
  }

  async #ping() {
    const sent = Date.now();
    const pong = await this.ask({ type: "ping" }).catch(() => null);
    const trip = Date.now() - sent;
    if (pong?.at && trip <= this.bestTrip * 1.5) {
      this.bestTrip = Math.min(this.bestTrip, trip);
      this.clockOffset = Date.parse(pong.at) + trip / 2 - Date.now();
    }
  }

  #receive(message) {
    const asked = message.id && this.waiting.get(message.id);
    if (asked) {
      this.waiting.delete(message.id);
      clearTimeout(asked.timer);
      if (message.type === "error") asked.reject(new Refused(400, message));
      else asked.resolve(message);
      return;
    }
    if (message.seq !== undefined) {
      if (this.seq !== null && message.seq <= this.seq && message.type !== "snapshot") return; // seen already
      this.seq = message.seq;
    }
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
  }
}

/** An auction as it happens. `state` is the newest picture of it; "change" says that it moved, "message" says how. */
export class AuctionRoom extends Socket {
  constructor(market, auctionId) {
    super(market, `/ws/auction/${auctionId}/`);
    this.auctionId = auctionId;
    this.state = null;
    this.addEventListener("message", ({ detail }) => {
      this.state = applied(this.state, detail);
      this.dispatchEvent(new Event("change"));
    });
  }

  /** Bid `amount` (decimal text). Resolves with what came of it; rejects with Refused, whose `details` name the minimum. */
  placeBid(amount, lotId) {
    return this.ask({ type: "place_bid", amount, lot_id: lotId });
  }
}

const NEWEST = 20;

/** The picture after a message: snapshot + messages is always what a fresh snapshot would show. */
export function applied(state, message) {
  const changed = (change) => ({
    ...state,
    lots: state.lots.map((lot) => (lot.id === message.lot_id ? { ...lot, ...change(lot) } : lot)),
  });
  const all = (change) => ({ ...state, ...change.auction, lots: state.lots.map((lot) => ({ ...lot, ...change.lot })) });
  switch (message.type) {
    case "snapshot": {
      const { type, seq, ...fresh } = message;
      return { ...fresh, presence: state?.presence };
    }
    case "presence":
      return { ...state, presence: message.count };
    case "auction_started": {
      const { starts_at, ends_at } = message;
      return all({ auction: { status: "active", starts_at, ends_at }, lot: { status: "active", ends_at } });
    }
    case "bid_placed":
      return changed((lot) => {
        const { bid_no, bidder, leader, kind, amount, timestamp } = message;
        const line = { bid_no, bidder, leader, kind, amount, timestamp, retracted: false };
        return { ...standing(message), ends_at: message.ends_at, bids: [line, ...lot.bids].slice(0, NEWEST) };
      });
    case "bid_retracted":
      return changed((lot) => ({
        ...standing(message),
        bids: lot.bids.map((bid) => (bid.bid_no === message.bid_no ? { ...bid, retracted: true } : bid)),
      }));
    case "auction_ended": {
      const { outcome, winner } = message;
      const next = changed(() => ({ status: "ended", outcome, winner, buy_now_price: null }));
      return message.auction_over ? { ...next, status: "ended" } : next;
    }
    case "auction_cancelled":
      return all({ auction: { status: "cancelled" }, lot: { status: "cancelled", buy_now_price: null } });
    default:
      return state;
  }
}

function standing({ leader, amount, minimum_bid, total_bids, reserve_met, buy_now_price }) {
  return { leader, current_price: amount, minimum_bid, bid_count: total_bids, reserve_met, buy_now_price };
}
