// The table of balances: sorted and searched by the server, moved by the stream of changes.
import { amount, count, element, fill, flash, isSupplier, party, texts } from "./money.js";

const table = document.querySelector("#accounts table");
const body = table.tBodies[0];
const empty = document.querySelector("#accounts .empty");
const counter = document.getElementById("accounts-count");
const search = document.getElementById("search");

const rows = new Map(); // "customer\u0000currency" → { tr, row }
const role = document.getElementById("role");
const view = { order: "balance", descending: true, search: "", role: "" };
let asked = 0;
let refreshTimer = null;
let lastRefresh = 0;
const REFRESH_MS = 1000;

const keyOf = (row) => `${row.customer_id}\u0000${row.currency}`;

function moneyCell(minor, currency, className) {
  const zero = minor === "0";
  const value = element("span", zero ? "zero" : className, zero && className === "late" ? "–" : amount(minor, currency));
  return element("td", "number money", [element("span", "unit", `${currency}\u00a0`), value]);
}

function fillRow(tr, row) {
  const name = row.name
    ? [element("span", "name", row.name), element("span", "id", party(row.customer_id))]
    : [element("span", "name", party(row.customer_id))];
  const overdue = moneyCell(row.overdue_minor, row.currency, "late");
  overdue.firstChild.remove(); // its currency stands beside the balance
  overdue.classList.add("wide-only");
  const balance = moneyCell(row.balance_minor, row.currency, row.balance_minor.startsWith("-") ? "credit" : "");
  if (row.overdue_minor !== "0") balance.append(element("span", "under late", amount(row.overdue_minor, row.currency), { title: texts.overdue }));
  const period = row.last_business_date.slice(0, 7);
  const link = `/api/v1/customers/${encodeURIComponent(row.customer_id)}/statement?period=${period}&format=pdf&language=${texts.language}`;
  const label = fill(texts.statement_of, { customer: row.name ?? party(row.customer_id), period });
  tr.replaceChildren(
    element("td", "", name),
    balance,
    overdue,
    element("td", "number narrow", row.open_discrepancies ? element("span", "badge", count(row.open_discrepancies)) : element("span", "zero", "–")),
    element("td", "number later", row.last_business_date),
    element("td", "number later", element("a", "pdf", "PDF", { href: link, title: label, "aria-label": label })),
  );
  tr.dataset.customer = row.customer_id;
  tr.dataset.role = isSupplier(row.customer_id) ? "supplier" : "customer";
  tr.dataset.currency = row.currency;
  tr.dataset.balanceMinor = row.balance_minor;
}

function place(row, moved) {
  const key = keyOf(row);
  const known = rows.get(key);
  if (known && known.row.account_version > row.account_version) return known; // an answer older than the stream
  const tr = known ? known.tr : document.createElement("tr");
  const changed = known && known.row.balance_minor !== row.balance_minor;
  const differs = !known || JSON.stringify(known.row) !== JSON.stringify(row);
  if (differs) fillRow(tr, row);
  if (changed || (!known && moved)) flash(tr);
  const entry = { tr, row };
  rows.set(key, entry);
  return entry;
}

/** Load the table as it is now. Rows keep their place while somebody points into the table. */
export async function loadAccounts() {
  const mine = ++asked;
  lastRefresh = Date.now();
  const query = new URLSearchParams({ search: view.search, order: view.order, descending: view.descending });
  if (view.role) query.set("role", view.role);
  const answer = await fetch(`/live/accounts?${query}`);
  if (!answer.ok) throw new Error(`accounts: ${answer.status}`);
  const page = await answer.json();
  if (mine !== asked) return; // a later question is under way
  const wanted = new Set(page.rows.map(keyOf));
  for (const [key, { tr }] of rows) {
    if (!wanted.has(key)) {
      tr.remove();
      rows.delete(key);
    }
  }
  const fresh = rows.size > 0;
  const trs = page.rows.map((row) => place(row, fresh).tr);
  const held = body.matches(":hover") || body.contains(document.activeElement);
  if (!held || trs.some((tr) => !tr.isConnected)) {
    trs.forEach((tr, index) => {
      if (body.rows[index] !== tr) body.insertBefore(tr, body.rows[index] ?? null);
    });
  }
  counter.textContent = page.total > page.rows.length
    ? fill(texts.shown, { shown: count(page.rows.length), total: count(page.total) })
    : count(page.total);
  empty.hidden = page.total > 0;
  empty.textContent = view.search ? fill(texts.nothing_found, { search: view.search }) : texts.no_accounts;
}

/** Balances from the stream: at once where they are shown; order, totals and overdue follow within a second. */
export function moveBalances(changed) {
  for (const row of changed) {
    const known = rows.get(keyOf(row));
    if (known) place({ ...known.row, ...pick(row) }, true);
  }
  if (changed.length) refreshSoon();
}

function pick(row) {
  const { balance_minor, open_discrepancies, last_business_date, account_version } = row;
  return { balance_minor, open_discrepancies, last_business_date, account_version };
}

/** Load again soon, however many changes ask for it. */
export function refreshSoon() {
  if (refreshTimer !== null) return;
  const wait = Math.max(150, REFRESH_MS - (Date.now() - lastRefresh));
  refreshTimer = setTimeout(() => {
    refreshTimer = null;
    loadAccounts().catch(refreshSoon);
  }, wait);
}

function ask() {
  loadAccounts().catch(refreshSoon);
}

for (const head of table.tHead.querySelectorAll("th[data-order]")) {
  head.querySelector("button").addEventListener("click", () => {
    const order = head.dataset.order;
    view.descending = view.order === order ? !view.descending : order !== "customer";
    view.order = order;
    for (const other of table.tHead.querySelectorAll("th")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", view.descending ? "descending" : "ascending");
    ask();
  });
}

role.addEventListener("change", () => {
  view.role = role.value;
  ask();
});

let typing = null;
search.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    view.search = search.value.trim();
    ask();
  }, 150);
});
document.addEventListener("keydown", (event) => {
  const inField = event.target.closest("input, textarea, select");
  if (event.key === "/" && !inField && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "Escape" && event.target === search && search.value) {
    search.value = "";
    search.dispatchEvent(new Event("input"));
  }
});
