/** Where mailed links lead: verify an address, set a new password. And where one asks for such a link. */

import { Refused } from "../client.js";
import { h } from "../dom.js";
import { refusal, t } from "../i18n.js";

/** The token leaves the address bar at once, so that it stays in no history and no screenshot. */
function taken(token, path) {
  history.replaceState(null, "", `#/${path}`);
  return token || "";
}

function panel(title, ...content) {
  return h("section.panel", {}, h("h1", {}, title), ...content);
}

export function verifyView(page, { token }) {
  const secret = taken(token, "verify-email");
  const told = h("p", { role: "status" }, t("verify_hint"));
  const button = h("button.button.primary", { type: "button" }, t("verify_do"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await page.market.request("POST", "/auth/email/verify/", { body: { token: secret } });
      told.textContent = t("verify_done");
      button.replaceWith(h("a.button", { href: "#/" }, t("everything")));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      told.textContent = refusal(error);
      button.disabled = error.code === "link_invalid";
    }
  });
  return { node: panel(t("verify_title"), told, button), leave() {} };
}

export function resetView(page, { token }) {
  const secret = taken(token, "reset-password");
  const input = secret
    ? h("input", { id: "reset-value", type: "password", name: "password", required: true, autocomplete: "new-password" })
    : h("input", { id: "reset-value", type: "email", name: "email", required: true, autocomplete: "username" });
  const told = h("p", { role: "status" }, t(secret ? "password_hint" : "reset_hint"));
  const submit = h("button.button.primary", { type: "submit" }, t(secret ? "reset_do" : "reset_ask"));
  const form = h(
    "form", { novalidate: true },
    h("div.field", {}, h("label", { for: "reset-value" }, t(secret ? "password" : "email")), input),
    submit,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      if (secret) await page.market.request("POST", "/auth/password/reset/confirm/", { body: { token: secret, password: input.value } });
      else await page.market.request("POST", "/auth/password/reset/", { body: { email: input.value } });
      told.textContent = t(secret ? "reset_done" : "reset_asked");
      form.remove();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      told.textContent = (error.errors.password ?? error.errors.email)?.join(" ") ?? refusal(error);
      submit.disabled = false;
      input.focus();
    }
  });
  return { node: panel(t("reset_title"), told, form), leave() {} };
}
