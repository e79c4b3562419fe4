/** What opens over the page: signing in, the inbox, a question. All are <dialog>, so focus and Escape just work. */

import { Refused } from "./client.js";
import { avatar, h, icon } from "./dom.js";
import { dateTime } from "./format.js";
import { refusal, t } from "./i18n.js";
import { leaveFor, providers } from "./social.js";

function open(title, ...content) {
  const heading = h("h2", { id: "dialog-title" }, title);
  const dialog = h(
    "dialog", { "aria-labelledby": "dialog-title" },
    h(
      "div.inside", {},
      h("div.head", {}, heading, h("button.button.plain.round", { type: "button", "aria-label": t("close"), onclick: () => dialog.close() }, icon("close"))),
      ...content.filter(Boolean),
    ),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  const done = new Promise((resolve) =>
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    }, { once: true }),
  );
  return { dialog, heading, done };
}

let counter = 0;

function field(name, label, attributes = {}, hint) {
  const id = `field-${++counter}`;
  const wrong = h("span.wrong", { id: `${id}-wrong`, hidden: true });
  const input = h("input", { id, name, required: true, "aria-describedby": `${id}-wrong`, ...attributes });
  const node = h("div.field", {}, h("label", { for: id }, label), input, hint && h("span.soft.small", {}, hint), wrong);
  return {
    name, input, node,
    complain(text) {
      wrong.textContent = text || "";
      wrong.hidden = !text;
      input.setAttribute("aria-invalid", String(Boolean(text)));
    },
  };
}

/** Resolves once the dialog has closed, whether somebody signed in or not. */
export function askToSignIn(page, { registering = false } = {}) {
  const fields = [
    registering && field("username", t("username"), { autocomplete: "username", minlength: 3, maxlength: 30 }),
    field("email", t("email"), { type: "email", autocomplete: registering ? "email" : "username" }),
    field("password", t("password"), { type: "password", autocomplete: registering ? "new-password" : "current-password" }, registering && t("password_hint")),
  ].filter(Boolean);
  const code = field("code", t("code"), { required: false, inputmode: "numeric", autocomplete: "one-time-code" });
  code.node.hidden = true;
  fields.push(code);
  const wrong = h("p.wrong", { role: "alert", hidden: true });
  const submit = h("button.button.primary", { type: "submit" }, registering ? t("register") : t("sign_in"));
  const form = h("form", { novalidate: true }, ...fields.map((f) => f.node), wrong, submit);
  const other = h("button.link", { type: "button" }, registering ? t("have_account") : t("no_account"));
  const social = h("div.row", {});
  providers(page.market).then((names) => social.append(...names.map((name) =>
    h("button.button", { type: "button", onclick: () => leaveFor(page.market, name).catch(page.failed) }, t("continue_with", { name })))));
  const forgotten = h("a.link", { href: "#/reset-password" }, t("forgotten"));
  const demo = h("div.demo", { hidden: true });
  const { dialog, done } = open(registering ? t("register") : t("sign_in"), form, h("p", {}, other), !registering && h("p", {}, forgotten), social, demo);

  forgotten.addEventListener("click", () => dialog.close());
  other.addEventListener("click", () => {
    dialog.close();
    askToSignIn(page, { registering: !registering });
  });

  const enter = async (values) => {
    submit.disabled = true;
    wrong.hidden = true;
    for (const f of fields) f.complain("");
    try {
      await (registering ? page.market.register(values) : page.market.login(values.email, values.password, values.code));
      dialog.close();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.code === "second_factor_required") {
        code.node.hidden = false;
        code.input.focus();
        return;
      }
      const named = fields.filter((f) => error.errors[f.name]);
      for (const f of named) f.complain(error.errors[f.name].join(" "));
      if (!named.length) {
        wrong.textContent = refusal(error, error.details);
        wrong.hidden = false;
      }
      (named[0] ?? fields.findLast((f) => !f.node.hidden)).input.focus();
    } finally {
      submit.disabled = false;
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    enter(Object.fromEntries(fields.map((f) => [f.name, f.input.value])));
  });

  if (!registering) {
    demoAccounts().then((accounts) => {
      if (!accounts.length) return;
      demo.hidden = false;
      demo.append(
        h("p.small", {}, t("demo")),
        h("div.row", {}, ...accounts.map((account) =>
          h("button.button", { type: "button", onclick: () => enter(account) }, avatar(account.username), account.username))),
      );
    });
  }
  return done;
}

/** The bidders a demo instance lets everybody use; an instance without demo data names none. */
async function demoAccounts() {
  const answer = await fetch("/web/demo.json").catch(() => null);
  return answer?.ok ? (await answer.json()).bidders : [];
}

function link(note) {
  const id = note.data?.auction_id;
  return id && h("a.small", { href: `#/auction/${id}`, onclick: (event) => event.target.closest("dialog").close() }, t("go"));
}

export async function showInbox(page) {
  const answer = await page.market.notifications({ page_size: 20 }).catch((error) => {
    page.failed(error);
    return null;
  });
  if (!answer) return;
  const items = answer.results.map((note) =>
    h(
      note.is_read ? "li" : "li.unread", {},
      h("strong", {}, note.title),
      note.message && h("p.soft", {}, note.message),
      h("div.row", {}, h("time.soft.small", { datetime: note.happened_at }, dateTime(note.happened_at)), link(note)),
    ));
  const { dialog, done } = open(
    t("notifications"),
    items.length ? h("ul.inbox", {}, ...items) : h("p.soft", {}, t("no_notifications")),
    items.length && h("button.button", { type: "button", onclick: () => page.market.readAll().then(() => dialog.close(), page.failed) }, t("read_all")),
  );
  return done;
}

/** Resolves true when the answer was yes. */
export async function sure(question) {
  const yes = h("button.button.primary", { type: "button" }, t("confirm"));
  const no = h("button.button", { type: "button", autofocus: true }, t("cancel"));
  const { dialog, done } = open(question, h("div.row", {}, yes, no));
  yes.addEventListener("click", () => dialog.close("yes"));
  no.addEventListener("click", () => dialog.close("no"));
  return (await done) === "yes";
}
