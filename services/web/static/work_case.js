// One case: what it says, what it rests on, what was done, and what may be done.
import { element, entryKind, explain, fill, party, texts } from "./money.js";
import { get, post, query } from "./work_api.js";
import { deed, fieldsOf } from "./work_cases.js";
import { attempt, badge, facts, grid, input, instant, labels, mayAct, money, say, section, who } from "./work_parts.js";

const OPEN = new Set(["NEW", "IN_PROGRESS", "REOPENED"]);

/** Everything that is known of the case, as one element. `changed` is called after every action. */
export async function showCase(caseId, changed) {
  const id = encodeURIComponent(caseId);
  const [detail, evidence] = await Promise.all([get(`cases/${id}`), get(`cases/${id}/evidence`)]);
  const one = detail.case;
  const about = { customer: one.customer_id, currency: one.currency, case: one.case_id };
  const adjustments = await get(`adjustments?${query(about)}`);
  const head = element("div", "detail-head", [
    badge(`severity-${one.severity.toLowerCase()}`, texts.kinds[one.kind] ?? one.kind),
    element("h2", "", [one.customer_name ?? party(one.customer_id), " ", element("span", "id", one.customer_name ? party(one.customer_id) : "")]),
    badge(`state-${one.state.toLowerCase()}`, texts.case_states[one.state]),
  ]);
  return element("article", "", [
    head,
    element("p", "lead", explain(one)),
    facts([
      [labels.document, one.document_no],
      [labels.statement, one.statement_id],
      [labels.line_no, one.line_no === null ? null : String(one.line_no)],
      [labels.at_stake, money(one.amount_minor, one.currency)],
      [labels.ours, money(evidence.ours_minor, one.currency)],
      [labels.theirs, money(evidence.theirs_minor, one.currency)],
      [labels.date, one.business_date],
      [labels.due, element("span", one.overdue ? "late" : "", `${one.due_date} · ${texts.severities[one.severity]}`)],
      [labels.assignee, one.assignee],
      [labels.reason, one.reason === null ? null : texts.reasons[one.reason] ?? one.reason],
    ]),
    work(one, changed),
    section(labels.adjustments, [adjustmentList(adjustments), proposeLinks(one)]),
    section(labels.our_entries, grid(evidence.entries.map((entry) => entryCells(entry, one)))),
    section(labels.settled_by, grid(evidence.allocations.map((link) => [
      [`${link.payment_document_no} → ${link.document_no}`],
      [money(link.amount_minor, one.currency), "number"],
      [texts.link_states[link.state] ?? link.state],
      [link.rule, "soft"],
    ]))),
    section(labels.their_lines, grid(evidence.lines.map((line) => lineCells(line, one)))),
    section(labels.history, historyList(detail.history, one.case_id)),
    section(labels.life, element("ol", "log", evidence.life.map((change) => element("li", "", [
      instant(change.occurred_at), " ",
      element("b", "", texts.states[change.state] ?? change.state), " ",
      money(change.amount_minor, one.currency), " ",
      element("span", "soft", change.explanation),
    ])))),
    sources(evidence),
  ]);
}

export const entryCells = (entry, { currency, customer_id }) => [
  [entry.business_date],
  [[entryKind(entry.kind, customer_id), texts.roles[entry.role] ? ` (${texts.roles[entry.role]})` : ""].join("")],
  [entry.document_no ?? "", "soft"],
  [texts.sides[entry.side]],
  [money(entry.amount_minor, currency), "number"],
];

const lineCells = (line, { currency, customer_id }) => [
  [[line.statement_id, line.line_no === null ? null : fill(texts.line, { line: line.line_no })].filter(Boolean).join(" · ")],
  [line.document_no ?? line.our_document_no ?? ""],
  [line.theirs_minor === null ? "–" : money(line.theirs_minor, currency), "number"],
  [line.ours_minor === null ? "–" : money(line.ours_minor, currency), "number"],
  [`${texts.outcomes[line.outcome] ?? line.outcome}${line.outcome === "MATCHED" ? "" : `: ${explain(line, customer_id)}`}`, "soft"],
];

function historyList(history, caseId) {
  if (!history.length) return null;
  return element("ol", "log", history.map((done) => {
    const told = [done.details.assignee, done.details.due_date, texts.reasons[done.details.reason] ?? done.details.reason].filter(Boolean);
    const parts = [
      instant(done.occurred_at), " ",
      element("b", "", done.actor), " ",
      texts.case_actions[done.action] ?? done.action,
      told.length ? `: ${told.join(", ")}` : "",
    ];
    if (done.action === "attach") {
      const href = `/api/v1/cases/${encodeURIComponent(caseId)}/attachments/${encodeURIComponent(done.event_id)}`;
      parts.push(": ", element("a", "", done.details.name, { href, download: done.details.name }));
    }
    if (done.comment) parts.push(element("p", "comment", done.comment));
    return element("li", "", parts);
  }));
}

function adjustmentList(rows) {
  if (!rows.length) return null;
  return element("ul", "log", rows.map((row) => element("li", "", [
    element("a", "", row.adjustment_id, { href: `#/adjustments/${encodeURIComponent(row.adjustment_id)}` }), " ",
    texts.adjustment_types[row.adjustment_type], " ",
    money(row.moved_minor, row.currency), " ",
    badge(`state-${row.state.toLowerCase()}`, texts.adjustment_states[row.state]),
  ])));
}

/** Ways to propose what would clear the case, with all that is known filled in. */
function proposeLinks(one) {
  if (!OPEN.has(one.state) || !mayAct()) return null;
  const about = { customer: one.customer_id, currency: one.currency, case: one.case_id };
  const offers = [["write_off", { target: one.line_no === null ? one.document_no : null }]];
  if (one.line_no !== null) offers.unshift(["statement_line", { statement: one.statement_id, line: one.line_no }]);
  offers.push(["reallocation", {}]);
  return element("p", "offers", offers.map(([type, more]) => element("a", "button", `${texts.adjustment_types[type]}…`, {
    href: `#/adjustments/new?${query({ ...about, type, ...more })}`,
  })));
}

function sources(evidence) {
  const told = evidence.sources.map((source) => `${source.topic} ${source.partition} ${source.offset}`);
  return element("details", "part", [
    element("summary", "", `${labels.sources} · ${labels.rule} ${evidence.rule} v${evidence.rule_version}`),
    element("p", "soft", told.join(" · ") || "–"),
  ]);
}

// --- acting

function work(one, changed) {
  if (!mayAct()) return section(labels.work, element("p", "soft", texts.sign_in_first));
  const actions = OPEN.has(one.state) ? ["comment", "assign", "resolve", "set_due"] : ["comment"];
  if (one.state === "RESOLVED" && ["OPENED", "UPDATED"].includes(one.discrepancy_state)) actions.push("reopen");
  return section(labels.work, element("div", "actions", [...actions.map((action) => actionForm(one, action, changed)), attachForm(one, changed)]));
}

function actionForm(one, action, changed) {
  const form = element("form", "act", [...fieldsOf(action), element("button", "", texts.case_actions[action])], { "data-action": action });
  if (action === "assign") {
    form.elements.assignee.defaultValue = one.assignee ?? "";
    const mine = element("button", "plain", labels.assign_me, { type: "button" });
    mine.addEventListener("click", () => {
      form.elements.assignee.value = who.user.user_id;
      form.requestSubmit();
    });
    form.append(mine);
  }
  if (action === "set_due") form.elements.due_date.defaultValue = one.due_date;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(form, async () => {
      const body = deed(form, action);
      if (action === "resolve") body.details.seen_version = String(one.version); // of what the page shows
      await post(`cases/${encodeURIComponent(one.case_id)}/actions`, body);
      say(fill(texts.done, { action: texts.case_actions[action] }));
      await changed();
    });
  });
  return form;
}

function attachForm(one, changed) {
  const file = input("file", { type: "file", required: "", "aria-label": labels.file });
  const form = element("form", "act", [element("label", "field", [element("span", "", labels.file), file]), element("button", "", texts.case_actions.attach)], { "data-action": "attach" });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(form, async () => {
      const [given] = file.files;
      const body = { action: "attach", file: { name: given.name, content_base64: await base64(given) } };
      await post(`cases/${encodeURIComponent(one.case_id)}/actions`, body);
      say(fill(texts.done, { action: texts.case_actions.attach }));
      await changed();
    });
  });
  return form;
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result.slice(reader.result.indexOf(",") + 1)));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}
