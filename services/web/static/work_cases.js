// The list of cases: filtered and searched by the server, worked on in bulk.
import { element, explain, fill, party, texts } from "./money.js";
import { get, post, query } from "./work_api.js";
import { attempt, badge, field, input, labels, mark, mayAct, money, say, select, walkable, who } from "./work_parts.js";

const SHOWN_MAX = 200;
const OPEN = ["NEW", "IN_PROGRESS", "REOPENED"];
const BULK = ["assign", "comment", "set_due", "resolve"];
const filter = document.getElementById("filter");
const bulk = document.getElementById("bulk");
const body = document.getElementById("cases");
const empty = document.getElementById("cases-empty");
const pickAll = document.getElementById("pick-all");
const picked = new Map(); // case id -> the version that was looked at when it was picked
let asked = 0;
let drawn = "";
let chosen = null;

function parameters() {
  const { text, state, kind, assignee, customer, overdue } = filter.elements;
  const states = { "": OPEN, "@all": Object.keys(texts.case_states) }[state.value] ?? state.value;
  const by = assignee.value === "@me" ? who.user?.user_id ?? "" : assignee.value;
  const customerId = customer.value.trim();
  return { text: text.value.trim(), state: states, kind: kind.value, assignee: by, customer: customerId, overdue: overdue.checked };
}

function row(one) {
  const about = [one.document_no, one.statement_id, one.line_no === null ? null : fill(texts.line, { line: one.line_no })];
  const box = element("input", "", [], { type: "checkbox", "aria-label": `${texts.kinds[one.kind] ?? one.kind} ${about[0] ?? ""}` });
  box.checked = picked.has(one.case_id);
  box.addEventListener("change", () => {
    if (box.checked) picked.set(one.case_id, one.version);
    else picked.delete(one.case_id);
    showBulk();
  });
  const link = element("a", "open", [
    badge(`severity-${one.severity.toLowerCase()}`, texts.kinds[one.kind] ?? one.kind),
    " ",
    element("span", "who", one.customer_name ?? party(one.customer_id)),
    one.customer_name ? element("span", "id", party(one.customer_id)) : null,
    element("span", "what", about.filter(Boolean).join(" · ")),
  ], { href: `#/cases/${encodeURIComponent(one.case_id)}` });
  const state = one.state === "NEW" ? null : element("span", "under-state", texts.case_states[one.state]);
  const made = element("tr", "", [
    element("td", "pick", box),
    element("td", "", [link, element("p", "explanation", explain(one))]),
    element("td", "number", money(one.amount_minor, one.currency)),
    element("td", one.overdue ? "when late" : "when", [one.due_date, state]),
    element("td", "later", one.assignee ?? ""),
  ], { "data-case": one.case_id, "data-version": one.version });
  if (one.case_id === chosen) link.setAttribute("aria-current", "true");
  return made;
}

/** Ask for the list again. */
export async function loadCases() {
  const mine = ++asked;
  const rows = await get(`cases?${query({ ...parameters(), order: "due", limit: SHOWN_MAX + 1 })}`);
  if (mine !== asked) return; // a later question is under way
  const shown = rows.slice(0, SHOWN_MAX);
  const known = new Set(shown.map((one) => one.case_id));
  for (const one of [...picked.keys()]) if (!known.has(one)) picked.delete(one);
  const now = JSON.stringify(shown);
  if (now !== drawn) {
    const active = document.activeElement;
    const focused = active?.closest?.("#cases tr")?.dataset.case;
    body.replaceChildren(...shown.map(row));
    if (focused) body.querySelector(`tr[data-case="${CSS.escape(focused)}"] ${active.localName}`)?.focus();
    drawn = now;
  }
  document.getElementById("cases-count").textContent =
    rows.length > SHOWN_MAX ? fill(texts.first_of, { count: SHOWN_MAX }) : String(rows.length);
  empty.hidden = shown.length > 0;
  empty.textContent = texts.none_found;
  showBulk();
}

/** Let the row of the case that is open stand out. */
export function choose(caseId) {
  chosen = caseId;
  mark(body, (tr) => tr.dataset.case === caseId);
}

function ask() {
  loadCases().catch((error) => say(fill(texts.failed, { problem: error.message }), true));
}

// --- bulk

function showBulk() {
  bulk.hidden = picked.size === 0 || !mayAct();
  bulk.querySelector(".selected").textContent = fill(texts.selected, { count: picked.size });
  pickAll.checked = picked.size > 0 && picked.size === body.rows.length;
  pickAll.indeterminate = picked.size > 0 && picked.size < body.rows.length;
}

/** The fields that an action needs, and what they come to. */
export function fieldsOf(action) {
  switch (action) {
    case "assign":
      return [field(labels.assignee, input("assignee", { list: "users", maxlength: "100" }))];
    case "set_due":
      return [field(labels.due, input("due_date", { type: "date", required: "" }))];
    case "resolve":
      return [field(labels.reason, select("reason", { "": "–", ...texts.reasons }, "", { required: "" })), field(labels.comment, input("comment", { maxlength: "4000" }))];
    case "comment":
      return [field(labels.comment, input("comment", { required: "", maxlength: "4000" }))];
    default:
      return [];
  }
}

export function deed(form, action) {
  const said = Object.fromEntries(new FormData(form));
  const details = {};
  for (const name of ["assignee", "due_date", "reason"]) if (name in said) details[name] = said[name].trim();
  return { action, details, comment: said.comment?.trim() || null };
}

function askForFields() {
  bulk.querySelector(".fields").replaceChildren(...fieldsOf(bulk.elements.action.value));
}

/** Wire the list; `changed` is called after a bulk action. */
export function startCases(changed) {
  const states = { "": texts.open_states, ...texts.case_states, "@all": texts.all_states };
  filter.elements.state.replaceWith(select("state", states));
  filter.elements.state.setAttribute("aria-label", labels.state);
  for (const [kind, name] of Object.entries(texts.kinds)) filter.elements.kind.append(element("option", "", name, { value: kind }));
  let typing = null;
  filter.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(ask, 200);
  });
  filter.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  for (const action of BULK) bulk.elements.action.append(element("option", "", texts.case_actions[action], { value: action }));
  bulk.elements.action.addEventListener("change", askForFields);
  askForFields();
  bulk.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(bulk, async () => {
      const action = bulk.elements.action.value;
      const outcomes = await post("cases/actions", { case_ids: [...picked.keys()], seen_versions: Object.fromEntries(picked), ...deed(bulk, action) });
      const failed = outcomes.filter((one) => !one.done);
      if (failed.length) say(fill(texts.done_some, { done: outcomes.length - failed.length, failed: failed.length, problem: failed[0].problem }), true);
      else say(fill(texts.done, { action: texts.case_actions[action] }));
      picked.clear();
      for (const one of failed) picked.set(one.case_id, null);
      drawn = ""; // its boxes are others now
      await loadCases();
      for (const tr of body.rows) if (picked.has(tr.dataset.case)) picked.set(tr.dataset.case, Number(tr.dataset.version));
      await changed();
    });
  });
  pickAll.addEventListener("change", () => {
    picked.clear();
    if (pickAll.checked) for (const tr of body.rows) picked.set(tr.dataset.case, Number(tr.dataset.version));
    for (const box of body.querySelectorAll(".pick input")) box.checked = pickAll.checked;
    showBulk();
  });
  walkable(body);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, textarea, select") && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      filter.elements.text.focus();
      filter.elements.text.select();
    }
  });
}
