/** The page: header, routes, and what the views share. A route is the part of the address after "#". */

import { Marketplace } from "./client.js";
import { askToSignIn, showInbox } from "./dialogs.js";
import { avatar, h, icon, say } from "./dom.js";
import { language, refusal, speak, t } from "./i18n.js";
import { comeBack } from "./social.js";
import { resetView, verifyView } from "./views/account.js";
import { listView } from "./views/list.js";
import { roomView } from "./views/room.js";

const main = document.querySelector("main");
const header = document.querySelector(".top");
const market = new Marketplace({ language });
let leave = () => {};
let inbox = null;
let unread = 0;
let bell = h("button", {}, h("b"));

/** What a view may ask of the page. */
const page = {
  market,
  toast,
  announce,
  signIn: () => askToSignIn(page),
  failed: (error) => toast(refusal(error, error.details), { bad: true }),
};

const ROUTES = [
  [/^\/$/, () => listView(page, "running", query())],
  [/^\/watchlist$/, () => listView(page, "watchlist", query())],
  [/^\/auction\/([0-9a-f-]{36})$/, (id) => roomView(page, id)],
  [/^\/verify-email$/, () => verifyView(page, query())],
  [/^\/reset-password$/, () => resetView(page, query())],
];

function query() {
  return Object.fromEntries(new URLSearchParams(location.hash.split("?")[1] || ""));
}

async function route({ focus = true } = {}) {
  if (location.hash && !location.hash.startsWith("#/")) return;
  const path = location.hash.slice(1).split("?")[0] || "/";
  leave();
  for (const [pattern, show] of ROUTES) {
    const match = pattern.exec(path);
    if (!match) continue;
    const view = show(...match.slice(1));
    leave = view.leave;
    main.replaceChildren(view.node);
    if (focus) main.focus({ preventScroll: true });
    scrollTo(0, 0);
    return;
  }
  leave = () => {};
  main.replaceChildren(
    h("div.empty", {}, h("h1", {}, t("missing")), h("a.button", { href: "#/" }, t("everything"))),
  );
}

// -- the header ------------------------------------------------------------------------------------------------

function drawHeader() {
  const { user } = market;
  const field = h("input", { type: "search", name: "search", placeholder: t("search"), "aria-label": t("search"), value: query().search || "", autocomplete: "off" });
  const search = h("form.search", { role: "search", onsubmit: (event) => event.preventDefault() }, icon("search"), field);
  let typing;
  field.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      const wanted = new URLSearchParams({ ...(location.hash.startsWith("#/?") ? query() : {}), search: field.value });
      if (!field.value) wanted.delete("search");
      history.replaceState(null, "", `#/${wanted.size ? `?${wanted}` : ""}`);
      route({ focus: false });
    }, 250);
  });
  header.replaceChildren(
    h(
      "div", {},
      h("a.brand", { href: "#/" }, icon("gavel"), t("title")),
      search,
      h("button.button.plain", { type: "button", lang: language() === "en" ? "zh-CN" : "en", "aria-label": t("language_label"), onclick: switchLanguage }, t("language")),
      ...(user ? accountControls(user) : [h("button.button.primary.signin", { type: "button", onclick: () => askToSignIn(page) }, t("sign_in"))]),
    ),
  );
  document.title = t("title");
  say(document.querySelector(".skip"), t("skip"));
  document.querySelector(".foot").replaceChildren(
    h("a", { href: "/api/docs" }, t("docs")),
    h("a", { href: "/web/client.js" }, t("source")),
  );
}

function accountControls(user) {
  bell = h("button.button.plain.round.bell", { type: "button", onclick: () => showInbox(page).then(countUnread) }, icon("bell"), h("b", { "aria-hidden": "true" }));
  showUnread();
  const items = h(
    "div", { hidden: true },
    h("a.button", { href: "#/watchlist" }, icon("heart"), t("watchlist")),
    h("button.button", { type: "button", onclick: () => market.logout().catch(page.failed) }, t("sign_out")),
  );
  const name = user.username;
  const toggle = h("button.button.plain.signin", { type: "button", "aria-expanded": "false", "aria-label": `${t("account")}: ${name}` }, avatar(name), h("span.name", {}, name));
  const open = (wanted) => {
    items.hidden = !wanted;
    toggle.setAttribute("aria-expanded", String(wanted));
  };
  toggle.addEventListener("click", () => open(items.hidden));
  const menu = h("div.menu", {}, toggle, items);
  menu.addEventListener("focusout", (event) => menu.contains(event.relatedTarget) || open(false));
  menu.addEventListener("keydown", (event) => event.key === "Escape" && (open(false), toggle.focus()));
  items.addEventListener("click", () => open(false));
  return [bell, menu];
}

function switchLanguage() {
  speak(language() === "en" ? "zh" : "en");
  drawHeader();
  route();
}

// -- notifications ---------------------------------------------------------------------------------------------

function listen() {
  inbox?.close();
  inbox = null;
  unread = 0;
  if (!market.user) return;
  inbox = market.inbox();
  inbox.addEventListener("message", ({ detail }) => detail.type !== "pong" && countUnread());
  inbox.connect();
  countUnread();
}

async function countUnread() {
  const answer = await market.unread().catch(() => null);
  unread = answer?.unread_count ?? unread;
  showUnread();
}

function showUnread() {
  bell.setAttribute("aria-label", t("unread", { count: unread }));
  bell.lastChild.hidden = !unread;
  say(bell.lastChild, unread > 99 ? "99+" : String(unread));
}

// -- what is said ----------------------------------------------------------------------------------------------

function toast(text, { bad = false, action } = {}) {
  const box = document.querySelector(".toasts");
  const note = h("div.toast", {}, h("span", {}, text));
  if (bad) note.classList.add("bad");
  if (action) note.append(h("a.link", { href: action.href, onclick: () => note.remove() }, action.text));
  note.append(h("button.link", { type: "button", "aria-label": t("close"), onclick: () => note.remove() }, "✕"));
  box.append(note);
  while (box.children.length > 3) box.firstChild.remove();
  setTimeout(() => note.remove(), bad ? 9000 : 6000);
}

/** Tell screen readers what happened, without moving anything. */
function announce(text) {
  const box = document.querySelector("#announcer");
  box.append(h("p", {}, text));
  while (box.children.length > 5) box.firstChild.remove();
}

market.addEventListener("session", () => {
  listen();
  drawHeader();
  route({ focus: false });
});
addEventListener("hashchange", () => {
  drawHeader();
  route();
});
addEventListener("storage", (event) => event.key === "marketplace.session" && market.dispatchEvent(new Event("session")));

comeBack(market).catch(page.failed).finally(() => {
  drawHeader();
  route({ focus: false });
  listen();
});
