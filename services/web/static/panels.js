// Tiles, ageing, discrepancies, recent changes.
import { amount, count, element, entryKind, explain, fill, flash, money, party, texts } from "./money.js";

const ROWS_MAX = 100;
const FEED_MAX = 40;
const TILE_CURRENCIES = 3;
const BREAKS = new Set(["OPENING_BALANCE_BREAK", "CLOSING_BALANCE_BREAK", "STATEMENT_ARITHMETIC", "CURRENCY_MISMATCH", "WRONG_ACCOUNT"]);
const MONEY = new Set([
  "OVERPAYMENT", "SHORT_PAYMENT", "REFUND_EXCEEDS_PAYMENT", "PAYMENT_ON_CANCELLED", "AMOUNT_MISMATCH",
  "DUPLICATE", "MISSING_IN_LEDGER", "MISSING_IN_STATEMENT",
]);
const clock = new Intl.DateTimeFormat(texts.locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

// --- tiles ---

const tile = (name) => document.getElementById(`tile-${name}`);
const rates = [];
let newestMs = null;
let clockOffsetMs = 0;

function currencyLines(name, currencies, minorOf, subOf) {
  const box = tile(name).querySelector(".lines");
  const shown = currencies.slice(0, TILE_CURRENCIES);
  box.classList.toggle("single", currencies.length === 1);
  const parts = shown.flatMap((row) => [
    element("span", "code", row.currency),
    element("span", minorOf(row) === "0" ? "amount" : "amount some", amount(minorOf(row), row.currency)),
  ]);
  if (currencies.length > shown.length) parts.push(element("span", "more", `+${count(currencies.length - shown.length)}`));
  if (!shown.length) parts.push(element("span", "amount", "–"));
  const sub = subOf(currencies);
  if (sub) parts.push(element("p", "sub", sub));
  box.replaceChildren(...parts);
}

/** Amounts of several currencies side by side; they are never added up. */
function listed(rows, field) {
  const some = rows.filter((row) => row[field] !== "0");
  const named = some.slice(0, TILE_CURRENCIES).map((row) => money(row[field], row.currency));
  if (some.length > named.length) named.push(`+${count(some.length - named.length)}`);
  return named.join(" · ");
}

const sum = (rows, field) => rows.reduce((total, row) => total + row[field], 0);

export function showFigures(figures) {
  const { currencies } = figures;
  currencyLines("receivable", currencies, (row) => row.receivable_minor, (rows) => {
    const owed = listed(rows, "payable_minor");
    const accounts = fill(texts.accounts, { count: count(sum(rows, "accounts")) });
    return owed ? `${accounts} · ${fill(texts.payable, { amount: owed })}` : accounts;
  });
  currencyLines("overdue", currencies, (row) => row.overdue_minor, (rows) => {
    const late = listed(rows, "overdue_payable_minor");
    const items = fill(texts.items, { count: count(sum(rows, "overdue_items")) });
    return late ? `${items} · ${fill(texts.overdue_payable, { amount: late })}` : items;
  });

  const open = sum(currencies, "open_discrepancies");
  tile("discrepancies").classList.toggle("some", open > 0);
  tile("discrepancies").querySelector(".figure").textContent = count(open);
  const stakes = listed(currencies, "at_stake_minor");
  tile("discrepancies").querySelector(".sub").textContent = stakes ? fill(texts.at_stake, { amount: stakes }) : texts.none_at_stake;
  document.getElementById("discrepancies-count").textContent = open > shownFindings()
    ? fill(texts.shown, { shown: count(shownFindings()), total: count(open) }) : count(open);

  if (figures.entries_per_s !== null) {
    tile("throughput").querySelector(".figure").replaceChildren(figures.entries_per_s, element("small", "", texts.per_second));
    rates.push(Number(figures.entries_per_s));
    rates.splice(0, rates.length - 60);
    drawSpark();
  }
  newestMs = figures.newest_change_ms;
  clockOffsetMs = figures.now_ms - Date.now();
  const lag = figures.lag_records;
  tile("freshness").querySelector(".sub").textContent =
    lag === null ? texts.newest : lag === 0 ? `${texts.newest} · ${texts.up_to_date}` : `${texts.newest} · ${fill(texts.behind, { count: count(lag) })}`;
  showAge();
  showAgeing(currencies);
}

function drawSpark() {
  const top = Math.max(1, ...rates);
  const step = 120 / Math.max(1, rates.length - 1);
  const points = rates.map((rate, index) => `${(index * step).toFixed(1)},${(26 - (rate / top) * 22).toFixed(1)}`);
  const [area, line] = tile("throughput").querySelectorAll("path");
  line.setAttribute("d", `M${points.join("L")}`);
  area.setAttribute("d", `M0,28L${points.join("L")}L120,28Z`);
}

/** "just now", "12s ago", "3min ago": how long ago the newest change became visible. */
function showAge() {
  const figure = tile("freshness").querySelector(".figure");
  if (newestMs === null) {
    figure.textContent = "–";
    tile("freshness").querySelector(".sub").textContent = texts.no_change;
    return;
  }
  const seconds = Math.max(0, (Date.now() + clockOffsetMs - newestMs) / 1000);
  if (seconds < 2) {
    figure.textContent = texts.now;
    return;
  }
  const unit = (value, name) => new Intl.NumberFormat(texts.locale, { style: "unit", unit: name, unitDisplay: "narrow" }).format(value);
  const age = seconds < 60 ? unit(Math.floor(seconds), "second") : seconds < 3600 ? unit(Math.floor(seconds / 60), "minute")
    : seconds < 172800 ? unit(Math.floor(seconds / 3600), "hour") : unit(Math.floor(seconds / 86400), "day");
  figure.textContent = fill(texts.ago, { age });
}
setInterval(showAge, 500);

// --- ageing ---

const bucketName = (name) => (name === "current" ? texts.current : fill(texts.days, { range: name.replace("-", "–") }));

function showAgeing(currencies) {
  const box = document.getElementById("ageing");
  const receivable = currencies.filter((row) => row.accounts > row.supplier_accounts);
  const payable = currencies.filter((row) => row.supplier_accounts > 0);
  box.replaceChildren(
    ...receivable.map((row) => ageingOf(row.currency, row.ageing_minor, "", 1n)),
    ...payable.map((row) => ageingOf(row.currency, row.payable_ageing_minor, texts.payables, -1n)),
  );
}

/** One currency's ageing; `sign` is that of what is to be paid: by them above 0, by us below. */
function ageingOf(currency, ageing, label, sign) {
  const buckets = Object.entries(ageing);
  const positive = buckets.map(([, minor]) => (sign * BigInt(minor) < 0n ? 0n : sign * BigInt(minor)));
  const whole = positive.reduce((total, minor) => total + minor, 0n);
  const total = buckets.reduce((all, [, minor]) => all + BigInt(minor), 0n);
  const bar = element("div", "bar", [], { "aria-hidden": "true" });
  positive.forEach((minor, index) => {
    const part = element("span", `age-${Math.min(index, 5)}`);
    // A share for drawing only: tenths of a per mille, from exact integers.
    part.style.width = whole ? `${Number((minor * 10000n) / whole) / 100}%` : "0";
    bar.append(part);
  });
  const list = element("dl", "buckets", buckets.map(([name, minor], index) =>
    element("div", `bucket age-${Math.min(index, 5)}`, [
      element("dt", "", bucketName(name)),
      element("dd", minor === "0" ? "zero" : sign * BigInt(minor) < 0n ? "credit" : "", amount(minor, currency), { title: money(minor, currency) }),
    ])));
  const head = element("div", "age-head", [
    element("span", "code", [currency, label ? element("span", "role", label) : null]),
    element("span", "total", amount(total.toString(), currency)),
  ]);
  return element("div", "age", [head, bar, list], { [label ? "data-payable" : "data-currency"]: currency });
}

// --- discrepancies ---

const findingList = document.getElementById("discrepancies");
const findings = new Map(); // id → li, newest first in the list
const shownFindings = () => findings.size;

function findingItem(finding) {
  const tone = BREAKS.has(finding.kind) ? "break-kind" : MONEY.has(finding.kind) ? "money-kind" : "";
  const about = [finding.document_no, finding.statement_id, finding.line_no === null ? null : fill(texts.line, { line: finding.line_no })];
  const what = about.filter(Boolean).join(" · ");
  const head = element("div", "finding-head", [
    element("span", `kind ${tone}`, texts.kinds[finding.kind] ?? finding.kind),
    element("span", "who", party(finding.customer_id)),
    element("span", "what", what),
  ]);
  const stake = element("div", "finding-amount money", [element("span", "unit", `${finding.currency}\u00a0`), amount(finding.amount_minor, finding.currency)]);
  return element("li", "", [head, stake, element("p", "explanation", explain(finding))], { "data-id": finding.discrepancy_id });
}

export function showFindings(page) {
  findings.clear();
  findingList.replaceChildren(...page.rows.map((finding) => {
    const item = findingItem(finding);
    findings.set(finding.discrepancy_id, item);
    return item;
  }));
  noteEmptyFindings();
}

export function moveFindings(changed) {
  for (const finding of changed) {
    const known = findings.get(finding.discrepancy_id);
    if (finding.gone) {
      known?.remove();
      findings.delete(finding.discrepancy_id);
      continue;
    }
    const item = findingItem(finding);
    if (known) known.replaceWith(item);
    else findingList.prepend(item);
    findings.set(finding.discrepancy_id, item);
    flash(item);
  }
  while (findings.size > ROWS_MAX) {
    const last = findingList.lastElementChild;
    findings.delete(last.dataset.id);
    last.remove();
  }
  noteEmptyFindings();
}

function noteEmptyFindings() {
  const empty = document.getElementById("discrepancies-empty");
  empty.textContent = texts.no_discrepancies;
  empty.hidden = findings.size > 0;
  findingList.hidden = findings.size === 0;
}

// --- recent changes ---

const feed = document.getElementById("changes");

function feedItem(line) {
  const time = element("time", "", clock.format(new Date(line.at)), { datetime: line.at });
  if (line.type === "entry") {
    const role = texts.roles[line.role];
    const what = [element("b", "", entryKind(line.kind, line.customer_id)), role ? ` (${role}) ` : " ", line.document_no];
    const side = line.side === "DEBIT" ? "debit" : "credit-side";
    return element("li", "", [
      time,
      element("span", "what", [...what, " ", element("span", "who", party(line.customer_id))]),
      element("span", "amount money", [element("span", "unit", `${line.currency}\u00a0`), element("span", side, amount(line.amount_minor, line.currency))]),
    ]);
  }
  if (line.type === "dead_letter") {
    const what = element("b", "", fill(texts.dead_letter, { reason: line.reason }));
    return element("li", "dead", [time, element("span", "what", [what, " ", element("span", "who", party(line.customer_id))], { title: line.detail })]);
  }
  const gone = line.state === "RETRACTED" || line.state === "RESOLVED";
  const what = [
    element("b", "", `${texts.kinds[line.kind] ?? line.kind} ${texts.states[line.state] ?? line.state}`),
    " ", line.document_no ?? line.statement_id ?? "", " ", element("span", "who", party(line.customer_id)),
  ];
  return element("li", gone ? "finding gone" : "finding", [
    time,
    element("span", "what", what),
    element("span", "amount money", [element("span", "unit", `${line.currency}\u00a0`), amount(line.amount_minor, line.currency)]),
  ]);
}

export function showFeed(lines, fresh) {
  for (const line of lines) {
    const item = feedItem(line);
    feed.prepend(item);
    if (fresh) flash(item);
  }
  while (feed.children.length > FEED_MAX) feed.lastElementChild.remove();
  const empty = document.getElementById("changes-empty");
  empty.textContent = texts.no_changes;
  empty.hidden = feed.children.length > 0;
  feed.hidden = feed.children.length === 0;
}

export function clearFeed() {
  feed.replaceChildren();
}
