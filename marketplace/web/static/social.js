/** Signing in with an account of another service: out to it, and back. What belongs to this browser stays in this tab. */

const BEGUN = "marketplace.social";

export async function providers(market) {
  const names = await market.request("GET", "/auth/social/").catch(() => []);
  return names.map((one) => one.name);
}

/** Leaves the page. */
export async function leaveFor(market, provider) {
  const begun = await market.request("POST", `/auth/social/${provider}/start/`, { body: {} });
  sessionStorage.setItem(BEGUN, JSON.stringify({ provider, state: begun.state, code_verifier: begun.code_verifier }));
  location.assign(begun.authorization_url);
}

/** If this is the way back: sign in, and be on the front page again. An answer to a question this tab did not ask is dropped. */
export async function comeBack(market) {
  if (location.pathname !== "/social-login") return;
  const answer = new URLSearchParams(location.search);
  const begun = JSON.parse(sessionStorage.getItem(BEGUN) || "null");
  sessionStorage.removeItem(BEGUN);
  history.replaceState(null, "", "/#/");
  if (!begun || answer.get("state") !== begun.state || !answer.get("code")) return;
  await market.socialLogin(begun.provider, { state: begun.state, code: answer.get("code"), code_verifier: begun.code_verifier });
}
