// Pieces that the views share: facts, tables, fields, buttons that act, amounts that people type.
import { amount, element, fill, texts } from "./money.js";
import { token } from "./work_api.js";

export const labels = texts.labels;
const status = document.getElementById("say");

/** The user who acts, once known; `null` while nobody is signed in. */
export const who = { user: null };

export function say(text, wrong = false) {
  status.textContent = text;
  status.classList.toggle("wrong", wrong);
}

/** Run what a person asked for; a refusal is told, not thrown. Buttons of `form` rest meanwhile. */
export async function attempt(form, act) {
  const buttons = [...form.querySelectorAll("button")].filter((button) => !button.disabled);
  for (const button of buttons) button.disabled = true;
  try {
    await act();
  } catch (error) {
    say(fill(texts.failed, { problem: error.message }), true);
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

export const money = (minor, currency) =>
  minor === null || minor === undefined ? "" : `${currency}\u00a0${amount(minor, currency)}`;

/** "1,234.5" in EUR → 123450n. Throws where the text is no amount of the currency. */
export function minorOf(text, currency) {
  const decimals = texts.decimals[currency] ?? 2;
  const found = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text.trim().replace(/[,\s']/g, ""));
  const fraction = found?.[3] ?? "";
  if (!found || /[1-9]/.test(fraction.slice(decimals))) throw new Error(fill(texts.no_amount, { text, currency }));
  const minor = BigInt(found[2] + fraction.slice(0, decimals).padEnd(decimals, "0"));
  return found[1] === "-" ? -minor : minor;
}

/** A definition list of (label, value); what has no value is left out. */
export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return element("dl", "facts", shown.map(([label, value]) => element("div", "", [element("dt", "", label), element("dd", "", value)])));
}

/** A table without head: rows of (text, class) cells; `null` where there are none. */
export function grid(rows) {
  if (!rows.length) return null;
  const made = element("table", "grid");
  made.append(element("tbody", "", rows.map((cells) => element("tr", "", cells.map(([text, className]) => element("td", className ?? "", text ?? ""))))));
  return element("div", "scroll", made);
}

export function section(title, content) {
  const parts = [content].flat().filter(Boolean);
  return parts.length ? element("section", "part", [element("h3", "", title), ...parts]) : null;
}

/** A labelled field. */
export function field(label, control, hint) {
  if (hint) control.setAttribute("placeholder", hint);
  return element("label", "field", [element("span", "", label), control]);
}

export const input = (name, attributes) => element("input", "", [], { name, autocomplete: "off", spellcheck: "false", ...attributes });

export function select(name, options, chosen, attributes) {
  const made = element("select", "", Object.entries(options).map(([value, text]) => element("option", "", text, { value })), { name, ...attributes });
  if (chosen !== undefined) made.value = chosen;
  return made;
}

export const badge = (tone, text) => element("span", `kind ${tone}`, text);
export const instant = (text) =>
  element("time", "", new Date(text).toLocaleString(texts.locale, { dateStyle: "medium", timeStyle: "short" }), { datetime: text });

/** Whether anybody may act here: signed in, or a service without users. */
export const mayAct = () => who.user !== null;
export const isSignedIn = () => token() !== null;

/** Let the row that is open stand out, to the eye and to a screen reader. */
export function mark(body, isOpen) {
  for (const tr of body.rows) {
    const link = tr.querySelector("a.open");
    if (isOpen(tr)) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/** Move with the arrow keys between the links of a list. */
export function walkable(body) {
  body.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.matches("a")) return;
    const links = [...body.querySelectorAll("tr > td > a")];
    const next = links[links.indexOf(event.target) + step];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  });
}
