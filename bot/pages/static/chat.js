// The chat: what a person does goes to POST /api/chat, what comes back is drawn. No library, no build step.
import { Drawing } from "./drawing.js";

const box = document.getElementById("chat");
const say = box.dataset;
const form = document.getElementById("composer");
const input = document.getElementById("words");
const share = document.getElementById("share");
const restart = document.getElementById("restart");
const status = document.getElementById("status");
const TIMEOUT = 20000; // ms; a lookup takes a few, so this is a dead line, not a slow answer
const LOOK = 20000; // ms between two looks at what the bot says unasked
const KEPT = 40; // entries of the conversation kept for the way back from another page of ours

const drawing = new Drawing(document.getElementById("log"), say, { press, share: sharePlace });

function fresh() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Storage may be forbidden (private windows, embedding): then the page forgets, and works.
function stored(storage, name, value) {
  try {
    if (value !== undefined) window[storage].setItem(name, value);
    return window[storage].getItem(name);
  } catch {
    return value ?? null;
  }
}

const chat = stored("localStorage", "chat") || stored("localStorage", "chat", fresh());
let told = [];

function remember(entry) {
  const name = entry.message?.replaces;
  told = [...told.filter((one) => !name || one.message?.replaces !== name), entry].slice(-KEPT);
  stored("sessionStorage", "told", JSON.stringify(told));
}

function recall() {
  try {
    const kept = JSON.parse(stored("sessionStorage", "told") || "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

let waiting = 0;
function wait(change) {
  waiting += change;
  box.classList.toggle("waiting", waiting > 0);
  if (waiting > 0) status.textContent = say.waiting;
  else if (change < 0 && status.textContent === say.waiting) status.textContent = "";
}

async function ask(body) {
  const stop = new AbortController();
  const clock = setTimeout(() => stop.abort(), TIMEOUT);
  try {
    const response = await fetch(say.endpoint, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ chat, language: say.language, ...body }),
      signal: stop.signal,
    });
    if (response.ok) return { messages: (await response.json()).messages };
    return { refused: response.status >= 400 && response.status < 500 && response.status !== 429 };
  } catch {
    return {};
  } finally {
    clearTimeout(clock);
  }
}

// Answers come in the order of the questions. The id stays the same when a message is sent again, so that a message
// which did arrive is answered once.
let last = Promise.resolve();
function send(content, bubble) {
  const body = { ...content, id: fresh() };
  const attempt = () => {
    drawing.settle(bubble);
    wait(+1);
    last = last.then(() => ask(body)).then((result) => {
      wait(-1);
      answered(result, bubble, attempt);
    });
  };
  attempt();
}

function answered({ messages, refused }, bubble, again) {
  if (messages) {
    if (!messages.length) return;
    messages.forEach((message) => remember({ message }));
    drawing.theirs(messages);
  } else if (refused) {
    drawing.trouble(bubble, say.refused);
  } else {
    drawing.trouble(bubble, navigator.onLine === false ? `${say.failed} ${say.offline}` : say.failed, again);
  }
}

function mine(text, content) {
  remember({ mine: text });
  send(content, drawing.mine(text));
}

function press(button) {
  mine(button.label, { action: button.action });
}

function sharePlace() {
  status.textContent = say.locating;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      status.textContent = "";
      mine(say.place, { place: { latitude: coords.latitude, longitude: coords.longitude } });
    },
    () => {
      status.textContent = say.noPlace;
      input.focus();
    },
    { enableHighAccuracy: false, timeout: 10000, maximumAge: 60000 },
  );
}

// What the bot says unasked waits until this page is looked at.
async function look() {
  if (document.visibilityState !== "visible") return;
  try {
    const response = await fetch(`${say.endpoint}/waiting?chat=${encodeURIComponent(chat)}`);
    if (response.ok) answered(await response.json());
  } catch {
    // the next look finds it
  }
}

function begin(payload) {
  send({ start: payload }, null);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value.trim();
  if (!text) return input.focus();
  input.value = "";
  return mine(text, { text });
});

restart.addEventListener("click", () => {
  told = [];
  stored("sessionStorage", "told", "[]");
  drawing.clear();
  begin("");
  input.focus();
});

share.addEventListener("click", sharePlace);
for (const example of document.querySelectorAll(".ask")) {
  example.addEventListener("click", () => {
    mine(example.textContent, { text: example.textContent });
    input.focus({ preventScroll: true });
    box.scrollIntoView({ block: "nearest" });
  });
}

form.hidden = false;
restart.hidden = false;
share.hidden = !("geolocation" in navigator && window.isSecureContext);
document.getElementById("share-why").hidden = share.hidden;
const examples = document.getElementById("asks");
if (examples) examples.hidden = false;

for (const entry of recall()) {
  told.push(entry);
  if (entry.mine) drawing.mine(entry.mine);
  else drawing.theirs([entry.message]);
}
if (say.start) {
  const address = new URL(location.href);
  address.searchParams.delete("start");
  history.replaceState(null, "", address);
}
if (say.start || !told.length) begin(say.start);
last = last.then(look);
setInterval(look, LOOK);
document.addEventListener("visibilitychange", look);
