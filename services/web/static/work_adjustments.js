// The queue of adjustments, one of them with its trail, and the form that proposes one.
import { element, fill, party, texts } from "./money.js";
import { get, post, query } from "./work_api.js";
import { entryCells } from "./work_case.js";
import { attempt, badge, facts, field, grid, input, instant, labels, mark, mayAct, minorOf, money, say, section, select, walkable, who } from "./work_parts.js";

const queue = document.getElementById("queue");
const body = document.getElementById("adjustments");
const empty = document.getElementById("adjustments-empty");
const waiting = document.getElementById("waiting");
const TYPES = ["write_off", "debit", "credit", "reallocation", "unmatch", "statement_line"];
// the fields of a proposal by its type
const FIELDS = {
  write_off: ["target", "amount"],
  debit: ["amount", "target"],
  credit: ["amount", "target"],
  reallocation: ["payment", "pays"],
  unmatch: ["payment", "bars"],
  statement_line: ["statement", "line", "reads_document", "reads_date", "reads_amount", "strike"],
};
let asked = 0;

const aboutOf = (row) =>
  row.target_document_no ?? (row.statement_id === null ? "" : `${row.statement_id} · ${fill(texts.line, { line: row.line_no })}`);

/** Ask for the queue again. */
export async function loadAdjustments() {
  const mine = ++asked;
  const { pending, customer } = queue.elements;
  const rows = await get(`adjustments?${query({ pending: pending.checked, customer: customer.value.trim() })}`);
  if (mine !== asked) return;
  rows.reverse(); // the newest first
  body.replaceChildren(...rows.map((row) => element("tr", "", [
    element("td", "", element("a", "open", [
      badge("", texts.adjustment_types[row.adjustment_type]), " ",
      element("span", "who", party(row.customer_id)), " ",
      element("span", "what", aboutOf(row)),
      element("span", "explanation", row.reason),
    ], { href: `#/adjustments/${encodeURIComponent(row.adjustment_id)}` })),
    element("td", "number", money(row.moved_minor, row.currency)),
    element("td", "", row.proposed_by),
    element("td", "", texts.adjustment_states[row.state]),
  ], { "data-adjustment": row.adjustment_id })));
  document.getElementById("adjustments-count").textContent = String(rows.length);
  empty.hidden = rows.length > 0;
  empty.textContent = texts.none_found;
}

/** How many wait for a decision, beside the name of the room. */
export async function countWaiting() {
  const rows = await get("adjustments?pending=true");
  waiting.hidden = rows.length === 0;
  waiting.textContent = String(rows.length);
}

export function chooseAdjustment(adjustmentId) {
  mark(body, (tr) => tr.dataset.adjustment === adjustmentId);
}

// --- one adjustment

/** The trail of an adjustment: proposal, decisions, entries, discrepancies, statements. */
export async function showAdjustment(adjustmentId, changed) {
  const trail = await get(`adjustments/${encodeURIComponent(adjustmentId)}`);
  const row = trail.adjustment;
  const listed = (numbers) => numbers.join(", ") || labels.none_yet;
  return element("article", "", [
    element("div", "detail-head", [
      badge("", texts.adjustment_types[row.adjustment_type]),
      element("h2", "", row.adjustment_id),
      badge(`state-${row.state.toLowerCase()}`, texts.adjustment_states[row.state]),
    ]),
    element("p", "lead", row.reason),
    facts([
      [labels.customer, party(row.customer_id)],
      [labels.amount, row.amount_minor === "0" ? null : money(row.amount_minor, row.currency)],
      [labels.side, row.write_off_side && texts.sides[row.write_off_side]],
      [labels.document, row.target_document_no],
      [labels.bars, row.barred_document_no],
      [labels.pays.split(/[,，]/)[0], row.allocations.map((link) => `${link.document_no} ${money(link.amount_minor, row.currency)}`).join(", ")],
      [labels.statement, row.statement_id === null ? null : `${row.statement_id} · ${fill(texts.line, { line: row.line_no })}`],
      [labels.sent, row.sent_line && lineText(row.sent_line.document_no, row.sent_line.signed_minor, row.sent_line.date, row.currency)],
      [labels.reads, row.statement_id === null ? null : correctedText(row)],
      [labels.moved, money(row.moved_minor, row.currency)],
      [labels.business_date, row.business_date],
      [labels.proposed_by, row.proposed_by],
      [labels.approved_by, row.approved_by],
      [labels.case, row.case_id && element("a", "", row.case_id.slice(0, 10), { title: row.case_id, href: `#/cases/${encodeURIComponent(row.case_id)}` })],
    ]),
    decide(row, changed),
    section(labels.history, element("ol", "log", trail.history.map((done) => element("li", "", [
      instant(done.occurred_at), " ", element("b", "", done.actor), " ", texts.adjustment_actions[done.action] ?? done.action,
      done.comment ? element("p", "comment", done.comment) : null,
    ])))),
    section(labels.entries, grid(trail.entries.map((entry) => entryCells(entry, row))) ?? element("p", "soft", labels.none_yet)),
    section(labels.settled, grid(trail.discrepancies.map((one) => [
      [element("a", "", texts.kinds[one.kind] ?? one.kind, { href: `#/cases/${encodeURIComponent(one.discrepancy_id)}` })],
      [one.document_no ?? ""],
      [money(one.amount_minor, row.currency), "number"],
      [texts.states[one.state] ?? one.state],
    ])) ?? element("p", "soft", labels.none_yet)),
    section(labels.our_statements, element("p", "", listed(trail.statements))),
    section(labels.their_statements, element("p", "", listed(trail.compared_statements))),
  ]);
}

const lineText = (document, signedMinor, date, currency) => `${document} ${money(signedMinor, currency)} ${date}`;

function correctedText(row) {
  const line = row.corrected_line;
  if (line === null) return labels.struck;
  const signed = BigInt(line.debit_minor) - BigInt(line.credit_minor);
  return lineText(line.document_no, signed.toString(), line.date, row.currency);
}

function decide(row, changed) {
  if (!mayAct()) return section(labels.work, element("p", "soft", texts.sign_in_first));
  const isMaker = row.pending_by?.toLowerCase() === who.user.user_id.toLowerCase();
  const actions = row.pending_by !== null ? ["approve", "reject", ...(isMaker ? ["withdraw"] : [])] : [];
  if (row.state === "POSTED") actions.push("propose_reversal");
  if (!actions.length) return null;
  const form = element("form", "act decide", [
    field(labels.comment, input("comment", { maxlength: "4000" })),
    ...actions.map((action) => {
      const button = element("button", action === "approve" ? "" : "plain", texts.do[action], { value: action });
      if (action === "approve" && isMaker) {
        button.disabled = true;
        button.setAttribute("aria-describedby", "own-proposal");
      }
      return button;
    }),
  ]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const action = event.submitter.value;
    attempt(form, async () => {
      const comment = form.elements.comment.value.trim() || null;
      await post(`adjustments/${encodeURIComponent(row.adjustment_id)}/actions`, { action, comment });
      say(fill(texts.done, { action: texts.do[action] }));
      await changed();
    });
  });
  const note = isMaker ? element("p", "note", texts.own_proposal, { id: "own-proposal" }) : null;
  return section(labels.work, [note, form]);
}

// --- proposing

const CONTROLS = {
  target: () => field(labels.target, input("target", { maxlength: "300" })),
  amount: () => field(labels.amount, input("amount", { inputmode: "decimal", maxlength: "40" })),
  payment: () => field(labels.payment, input("target", { required: "", maxlength: "300" })),
  bars: () => field(labels.bars, input("bars", { required: "", maxlength: "300" })),
  pays: () => field(labels.pays, element("textarea", "", [], { name: "pays", rows: "3", required: "" })),
  statement: () => field(labels.statement, input("statement", { required: "", maxlength: "300" })),
  line: () => field(labels.line_no, input("line", { type: "number", min: "0", required: "" })),
  reads_document: () => field(labels.reads_document, input("reads_document", { maxlength: "300" }), labels.reads_hint),
  reads_date: () => field(labels.reads_date, input("reads_date", { type: "date" })),
  reads_amount: () => field(labels.reads_amount, input("reads_amount", { inputmode: "decimal", maxlength: "40" }), labels.reads_hint),
  strike: () => element("label", "check", [input("strike", { type: "checkbox" }), ` ${labels.strike}`]),
};

/** The form of a proposal; `given` fills in what is known already. */
export function showProposal(given, changed) {
  if (!mayAct()) return element("p", "empty", texts.sign_in_first);
  const types = Object.fromEntries(TYPES.map((type) => [type, texts.adjustment_types[type]]));
  const type = select("type", types, given.get("type") ?? TYPES[0]);
  const special = element("div", "fields");
  const form = element("form", "propose", [
    field(labels.type, type),
    field(labels.customer, input("customer", { required: "", maxlength: "300" })),
    field(labels.currency, input("currency", { required: "", pattern: "[A-Z]{3}", maxlength: "3", size: "4" })),
    special,
    field(labels.business_date, input("date", { type: "date" })),
    field(labels.case, input("case", { maxlength: "300" })),
    field(labels.why, element("textarea", "", [], { name: "reason", rows: "2", required: "", maxlength: "4000" })),
    element("button", "", labels.submit),
  ]);
  function arrange() {
    special.replaceChildren(...FIELDS[type.value].map((name) => CONTROLS[name]()));
    if (type.value === "write_off") form.elements.amount.placeholder = labels.amount_hint;
    for (const name of ["debit", "credit"]) if (type.value === name) form.elements.amount.required = true;
    for (const [name, value] of given) if (name !== "type" && form.elements[name]) form.elements[name].value = value;
  }
  type.addEventListener("change", arrange);
  arrange();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(form, async () => {
      const row = await post("adjustments", proposalOf(form));
      await changed(row.adjustment_id);
      say(fill(texts.proposed, { adjustment: row.adjustment_id }));
    });
  });
  return element("article", "", [element("div", "detail-head", element("h2", "", labels.submit)), form]);
}

function proposalOf(form) {
  const said = Object.fromEntries(Object.entries(Object.fromEntries(new FormData(form))).map(([name, value]) => [name, value.trim()]));
  const currency = said.currency.toUpperCase();
  const body = {
    adjustment_type: said.type,
    customer_id: said.customer,
    currency,
    reason: said.reason,
    business_date: said.date || null,
    case_id: said.case || null,
    target_document_no: said.target || null,
    barred_document_no: said.bars || null,
  };
  if (said.amount) body.amount_minor = minorOf(said.amount, currency);
  if (said.pays) body.allocations = said.pays.split("\n").filter((line) => line.trim()).map((line) => paid(line, currency));
  if (said.statement) {
    body.statement_id = said.statement;
    body.line_no = Number.parseInt(said.line, 10);
    body.reading = said.strike ? null : {
      document_no: said.reads_document || null,
      date: said.reads_date || null,
      signed_minor: said.reads_amount ? minorOf(said.reads_amount, currency) : null,
    };
  }
  return body;
}

/** "INV-1001 120.50" → the document and its amount. */
function paid(line, currency) {
  const [, document, text] = /^(.+?)\s+(\S+)$/.exec(line.trim()) ?? [null, line.trim(), ""];
  return { document_no: document, amount_minor: minorOf(text, currency) };
}

/** Wire the queue. */
export function startAdjustments() {
  const ask = () => loadAdjustments().catch((error) => say(fill(texts.failed, { problem: error.message }), true));
  let typing = null;
  queue.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(ask, 200);
  });
  queue.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  walkable(body);
}
