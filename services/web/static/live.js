// The page: load a snapshot, then follow the stream of changes; load afresh when told to, or when the line was cut long.
import { loadAccounts, moveBalances } from "./accounts.js";
import { loadComparisons, refreshComparisonsSoon } from "./comparisons.js";
import { clearFeed, moveFindings, showFeed, showFigures, showFindings } from "./panels.js";
import { texts } from "./money.js";

const status = document.getElementById("status");
const RETRY_MS = 1500;
const SILENCE_MS = 15000; // figures come every few seconds, so this much silence is a dead line
let source = null;
let loading = false;
let lastWord = Date.now();

function say(state, text) {
  if (status.dataset.state === state) return;
  status.dataset.state = state;
  status.querySelector(".text").textContent = text;
}

async function load() {
  if (loading) return;
  loading = true;
  source?.close();
  try {
    const answer = await fetch("/live/snapshot");
    if (!answer.ok) throw new Error(`snapshot: ${answer.status}`);
    const snapshot = await answer.json();
    showFindings(snapshot.discrepancies);
    showFigures(snapshot.figures);
    clearFeed();
    showFeed(snapshot.feed, false);
    await loadAccounts();
    await loadComparisons();
    follow(snapshot.change_id);
  } catch (error) {
    console.warn(error);
    say("reconnecting", texts.reconnecting);
    setTimeout(load, RETRY_MS);
  } finally {
    loading = false;
  }
}

function follow(after) {
  // EventSource reconnects by itself and sends the id of the last batch, so nothing is missed.
  source = new EventSource(`/live?after=${encodeURIComponent(after)}`);
  const on = (name, act) => source.addEventListener(name, (event) => {
    lastWord = Date.now();
    act(event.data);
  });
  source.addEventListener("open", () => {
    lastWord = Date.now();
    say("live", texts.live);
  });
  source.addEventListener("error", () => {
    say("reconnecting", texts.reconnecting);
    if (source.readyState === EventSource.CLOSED) setTimeout(load, RETRY_MS);
  });
  on("changes", (data) => {
    const batch = JSON.parse(data);
    moveBalances(batch.balances);
    moveFindings(batch.discrepancies);
    showFeed(batch.feed, true);
    if (batch.comparisons) refreshComparisonsSoon();
  });
  on("figures", (data) => {
    showFigures(JSON.parse(data));
    say("live", texts.live);
  });
  on("outage", () => say("outage", texts.outage));
  on("recovered", () => say("live", texts.live));
  on("reload", load);
}

setInterval(() => {
  if (!loading && Date.now() - lastWord > SILENCE_MS) {
    lastWord = Date.now();
    say("reconnecting", texts.reconnecting);
    load();
  }
}, 3000);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && Date.now() - lastWord > SILENCE_MS) load();
});

say("connecting", texts.connecting);
status.querySelector(".text").textContent = texts.connecting;
load();
