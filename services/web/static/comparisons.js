// Customers' statements against our books: one line each; opened, the bridge from their closing balance to ours.
import { amount, element, explain, fill, isSupplier, party, texts } from "./money.js";

const list = document.getElementById("comparisons");
const empty = document.getElementById("comparisons-empty");
const shown = new Map(); // key → { details, text }
const REFRESH_MS = 1000;
let timer = null;
let asked = 0;

const keyOf = (row) => [row.customer_id, row.currency, row.statement_id].join("\u0000");

function summaryOf(row) {
  const agreed = row.difference_minor === "0";
  return element("summary", "", [
    element("span", "who", party(row.customer_id)),
    element("span", "what", `${row.statement_id} · ${row.period_start} – ${row.period_end}`),
    element("span", "what", fill(texts.lines_agree, { matched: row.matched_count, lines: row.line_count })),
    element("span", agreed ? "difference zero" : "difference", agreed ? texts.agrees : `${row.currency}\u00a0${amount(row.difference_minor, row.currency)}`),
  ]);
}

function stepRow(step, about, what, action, className) {
  return element("tr", className, [
    element("td", "number money", step),
    element("td", "", about),
    element("td", "", what),
    element("td", "", action),
  ]);
}

function actionOf(line, whose) {
  if (line.action === "NONE") return "";
  return (isSupplier(whose) ? texts.supplier_actions[line.action] : undefined) ?? texts.actions[line.action] ?? line.action;
}

function lineRow(line, currency, whose) {
  const about = line.line_no === null ? line.our_document_no ?? texts.opening : `${fill(texts.line, { line: line.line_no })} ${line.document_no}`;
  const action = actionOf(line, whose);
  const outcome = texts.outcomes[line.outcome] ?? line.outcome;
  const step = line.step_minor === "0" ? "" : amount(line.step_minor, currency);
  return stepRow(step, about, [element("b", "", outcome), " ", explain(line, whose)], action, line.outcome === "PENDING" ? "pending" : "");
}

async function showLines(details, row) {
  const query = new URLSearchParams({ customer: row.customer_id, currency: row.currency, statement: row.statement_id });
  const answer = await fetch(`/live/comparison?${query}`);
  if (!answer.ok) throw new Error(`comparison: ${answer.status}`);
  const found = await answer.json();
  const rows = [
    stepRow(amount(row.theirs_closing_minor, row.currency), texts.their_closing, "", "", "closing"),
    ...found.lines.map((line) => lineRow(line, row.currency, row.customer_id)),
    stepRow(amount(row.ours_closing_minor, row.currency), texts.our_closing, "", "", "closing"),
  ];
  if (found.total > found.lines.length) rows.splice(-1, 0, stepRow("", fill(texts.shown, { shown: found.lines.length, total: found.total }), "", ""));
  details.querySelector("tbody").replaceChildren(...rows);
}

function made(row) {
  const head = element("thead", "hidden", element("tr", "", texts.bridge_columns.map((name) => element("th", "", name, { scope: "col" }))));
  const details = element("details", "", [summaryOf(row), element("table", "bridge", [head, element("tbody")])]);
  details.dataset.statement = row.statement_id;
  details.addEventListener("toggle", () => {
    const known = shown.get(keyOf(row));
    if (details.open && known) showLines(details, known.row).catch((error) => console.warn(error));
  });
  return details;
}

/** Load the statements as they compare now. Those that are open stay open and show their steps afresh. */
export async function loadComparisons() {
  const mine = ++asked;
  const answer = await fetch("/live/comparisons");
  if (!answer.ok) throw new Error(`comparisons: ${answer.status}`);
  const rows = await answer.json();
  if (mine !== asked) return;
  const wanted = new Set(rows.map(keyOf));
  for (const [key, { details }] of shown) {
    if (!wanted.has(key)) {
      details.remove();
      shown.delete(key);
    }
  }
  for (const row of rows) {
    const key = keyOf(row);
    const known = shown.get(key);
    const details = known?.details ?? made(row);
    const text = JSON.stringify(row);
    shown.set(key, { details, text, row });
    if (known && known.text !== text) {
      details.firstElementChild.replaceWith(summaryOf(row));
      if (details.open) showLines(details, row).catch((error) => console.warn(error));
    }
  }
  const order = rows.map((row) => shown.get(keyOf(row)).details);
  order.forEach((details, index) => {
    if (list.children[index] !== details) list.insertBefore(details, list.children[index] ?? null);
  });
  empty.hidden = rows.length > 0;
  list.hidden = rows.length === 0;
}

export function refreshComparisonsSoon() {
  if (timer !== null) return;
  timer = setTimeout(() => {
    timer = null;
    loadComparisons().catch(refreshComparisonsSoon);
  }, REFRESH_MS / 4);
}
