// The desk: who acts, which room is open, what is chosen. The address after # says both, so that it can be sent on.
import { element, fill, texts } from "./money.js";
import { chooseAdjustment, countWaiting, loadAdjustments, showAdjustment, showProposal, startAdjustments } from "./work_adjustments.js";
import { get, keepToken, token } from "./work_api.js";
import { showCase } from "./work_case.js";
import { choose, loadCases, startCases } from "./work_cases.js";
import { attempt, say, who } from "./work_parts.js";

const detail = document.getElementById("detail");
const content = detail.querySelector(".content");
const hint = detail.querySelector(".empty");
const signIn = document.getElementById("sign-in");
const signedIn = document.getElementById("signed-in");
const rooms = { cases: document.getElementById("cases-side"), adjustments: document.getElementById("adjustments-side") };
const REFRESH_MS = 4_000;
let shown = 0; // how often something was chosen
let drawn = ""; // what of it is drawn

/** "#/cases/d-1" → { room: "cases", id: "d-1", given: … } */
function place() {
  const [path, search] = location.hash.slice(1).split("?");
  const [, room, id] = path.split("/");
  return { room: room in rooms ? room : "cases", id: id ? decodeURIComponent(id) : null, given: new URLSearchParams(search ?? "") };
}

const told = (work) => work.catch((error) => say(fill(texts.failed, { problem: error.message }), true));

async function show(moveFocus) {
  const mine = ++shown;
  const { room, id, given } = place();
  for (const [name, side] of Object.entries(rooms)) side.hidden = name !== room;
  for (const name of Object.keys(rooms)) {
    const link = document.getElementById(`to-${name}`);
    if (name === room) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  hint.textContent = hint.dataset[room];
  hint.hidden = id !== null;
  choose(room === "cases" ? id : null);
  chooseAdjustment(room === "adjustments" ? id : null);
  if (id === null) {
    content.replaceChildren();
    return;
  }
  const found = await view(room, id, given);
  if (mine !== shown) return; // something else was chosen meanwhile
  draw(found);
  detail.scrollTop = 0;
  if (moveFocus) (content.querySelector("form.propose select") ?? detail).focus();
}

function view(room, id, given) {
  if (room === "cases") return showCase(id, refresh);
  return id === "new" ? showProposal(given, proposed) : showAdjustment(id, refresh);
}

function draw(found) {
  drawn = found.outerHTML;
  content.replaceChildren(found);
}

/** What is chosen, as it is now: the books follow an approval within moments. What somebody types stays as it is. */
async function follow() {
  const { room, id, given } = place();
  if (id === null || id === "new") return;
  const mine = shown;
  const found = await view(room, id, given);
  if (mine === shown && found.outerHTML !== drawn && !isBeingFilled()) draw(found);
}

function isBeingFilled() {
  if (content.contains(document.activeElement)) return true;
  return [...content.querySelectorAll("form input, form textarea, form select")].some((control) =>
    control.value !== (control.defaultValue ?? ""));
}

async function load() {
  const lists = place().room === "cases" ? loadCases() : loadAdjustments();
  await Promise.all([lists, countWaiting()]);
  const { room, id } = place();
  if (room === "cases") choose(id);
  else chooseAdjustment(id);
}

const refresh = () => Promise.all([load(), show(false)]);

async function proposed(adjustmentId) {
  location.hash = `#/adjustments/${encodeURIComponent(adjustmentId)}`; // which shows it
  await load();
}

// --- who acts

async function recognise() {
  try {
    who.user = await get("me");
  } catch (error) {
    who.user = null;
    if (error.code !== "NOT_SIGNED_IN") throw error;
    if (token()) {
      keepToken(null);
      say(texts.wrong_token, true);
    }
  }
  signIn.hidden = who.user !== null;
  signedIn.hidden = who.user === null;
  signedIn.querySelector("button").hidden = token() === null; // without users there is nobody to be instead
  if (who.user === null) return;
  signedIn.querySelector(".user").textContent = fill(texts.signed_in, {
    user: who.user.name, role: texts.roles_of_users[who.user.role] ?? who.user.role,
  });
  const users = (await get("users")).filter((user) => user.active);
  document.getElementById("users").replaceChildren(...users.map((user) => element("option", "", user.name, { value: user.user_id })));
}

signIn.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(signIn, async () => {
    say("");
    keepToken(signIn.elements.token.value.trim());
    signIn.reset();
    await recognise();
    await refresh();
  });
});
signedIn.querySelector("button").addEventListener("click", () => {
  keepToken(null);
  told(recognise().then(refresh));
});

for (const link of document.querySelectorAll(".languages a")) {
  link.addEventListener("click", () => {
    link.href = `${link.getAttribute("href").split("#")[0]}${location.hash}`;
  });
}
let room = place().room;
window.addEventListener("hashchange", () => {
  say("");
  const changed = place().room !== room;
  room = place().room;
  if (changed || place().id === null) told(load());
  told(show(true));
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && place().id !== null && !event.target.closest("input, textarea, select")) {
    const open = document.querySelector(".rows a[aria-current]");
    location.hash = `#/${place().room}`;
    (open ?? document.getElementById("list")).focus();
  }
});

// Others work, too: the list is read again when somebody comes back to it, and now and then.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") told(load());
});
let following = false;
setInterval(() => {
  if (document.visibilityState !== "visible" || following) return;
  following = true;
  told(Promise.all([load(), follow()])).finally(() => {
    following = false;
  });
}, REFRESH_MS);

startCases(refresh);
startAdjustments();
told(recognise().then(refresh));
