// Money and words. Amounts are strings of minor units; they never become JavaScript numbers.

export const texts = JSON.parse(document.getElementById("texts").textContent);

const formats = new Map();
const counts = new Intl.NumberFormat(texts.locale);

/** "-12050", 2 → "-120.50": exact, and a string that Intl.NumberFormat takes as exact. */
export function decimalText(minor, decimals) {
  const negative = minor.startsWith("-");
  const digits = (negative ? minor.slice(1) : minor).padStart(decimals + 1, "0");
  const whole = decimals ? digits.slice(0, -decimals) : digits;
  const fraction = decimals ? "." + digits.slice(-decimals) : "";
  return (negative ? "-" : "") + whole + fraction;
}

/** The number without its currency, in the page's language, with the currency's own decimals. */
export function amount(minor, currency) {
  const decimals = texts.decimals[currency] ?? 2;
  let format = formats.get(decimals);
  if (!format) {
    format = new Intl.NumberFormat(texts.locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    formats.set(decimals, format);
  }
  return format.format(decimalText(minor, decimals));
}

export const money = (minor, currency) => `${currency} ${amount(minor, currency)}`;
export const count = (number) => counts.format(number);

/** Fill {name} in a sentence; a name without a value stays as it is. */
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export const isSupplier = (id) => (id ?? "").startsWith(texts.supplier_prefix);

/** A party's own number; before a supplier's stands what it is. */
export const party = (id) => (isSupplier(id) ? `${texts.supplier} ${id.slice(texts.supplier_prefix.length)}` : id ?? "");

/** What an entry of the party is: an invoice to a customer is a purchase from a supplier. */
export const entryKind = (kind, of) => (isSupplier(of) ? texts.supplier_entry_kinds[kind] : undefined) ?? texts.entry_kinds[kind] ?? kind;

/** The arguments with the worker's own words in the page's language; several are parted by "; ". */
function worded(values) {
  const translated = Object.entries(texts.argument_words).filter(([name]) => name in values).map(([name, words]) =>
    [name, values[name].split("; ").map((part) => words[part] ?? part).join("；")]);
  return { ...values, ...Object.fromEntries(translated) };
}

/** The finding's sentence in the page's language; the worker's own words where there is no translation. */
export function explain(finding, of = finding.customer_id) {
  const ofSupplier = isSupplier(of) ? texts.supplier_sentences[finding.reason_code] : undefined;
  const sentence = ofSupplier ?? texts.sentences[finding.reason_code];
  if (!sentence) return finding.explanation;
  const told = fill(sentence, worded(finding.reason_arguments ?? {}));
  return /\{\w+\}/.test(told) ? finding.explanation : told;
}

/** An element: class, text, children. Text only ever enters as text, never as HTML. */
export function element(name, className, content, attributes) {
  const made = document.createElement(name);
  if (className) made.className = className;
  for (const part of [content].flat()) if (part !== undefined && part !== null) made.append(part);
  for (const [key, value] of Object.entries(attributes ?? {})) made.setAttribute(key, value);
  return made;
}

/** Let a row stand out for a moment. */
export function flash(row) {
  row.classList.remove("flash");
  void row.offsetWidth; // restarts the animation
  row.classList.add("flash");
}
