/** Money and time as people read them. Amounts stay decimal text or whole minor units: never a float in between. */

import { language, t } from "./i18n.js";

const shapes = new Map();

function shape(currency) {
  const key = `${language()} ${currency}`;
  if (!shapes.has(key)) shapes.set(key, new Intl.NumberFormat(language(), { style: "currency", currency }));
  return shapes.get(key);
}

export function money(text, currency) {
  return text === null || text === undefined ? "–" : shape(currency).format(text);
}

export function decimals(currency) {
  return shape(currency).resolvedOptions().maximumFractionDigits;
}

/** Decimal text as whole minor units, or null when it is none or has too many decimals. */
export function minor(text, currency) {
  const places = decimals(currency);
  const match = /^(\d{1,13})(?:\.(\d*))?$/.exec(text.trim().replace(/[,\s]/g, ""));
  if (!match || (match[2] || "").length > places) return null;
  return BigInt(match[1] + (match[2] || "").padEnd(places, "0"));
}

export function decimal(units, currency) {
  const places = decimals(currency);
  const digits = units.toString().padStart(places + 1, "0");
  return places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits;
}

/** "2 d 4 h", "1:04:09", "0:42": coarse while there is time, to the second when there is not. */
export function remaining(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const [d, hr, m, s] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n) => String(n).padStart(2, "0");
  if (d) return t("days_hours", { d, h: hr });
  return hr ? `${hr}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function clock(iso) {
  return new Intl.DateTimeFormat(language(), { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(iso));
}

export function dateTime(iso) {
  return new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}
