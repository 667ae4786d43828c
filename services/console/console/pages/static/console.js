// Counts down, follows the live stream's health, sends filters at once. Everything else is the server's.
"use strict";

const pad = (n) => String(n).padStart(2, "0");
let base = null;

// Business time as the server says it: `speed` times the machine's pace, never past the machine's time (`lag` ahead of it now).
function anchor() {
  const clock = document.getElementById("now");
  if (!clock || clock.dataset.read === clock.dataset.now) return;
  const { now, speed, lag, zone } = clock.dataset;
  base = { now: +now, speed: +speed, lag: +lag, since: performance.now() };
  clock.dataset.read = now;
  base.format = new Intl.DateTimeFormat(document.documentElement.lang === "en" ? "en-GB" : "zh-CN", {
    timeZone: zone, month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false,
  });
}

function businessNow() {
  const passed = performance.now() - base.since;
  return Math.min(base.now + passed * base.speed, base.now + base.lag + passed);
}

function spell(ms, words) {
  const s = Math.abs(Math.trunc(ms / 1000));
  const days = Math.floor(s / 86400);
  const time = `${pad(Math.floor(s / 3600) % 24)}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`;
  return (ms < 0 ? words.late + " " : "") + (days ? days + words.day + " " : "") + time;
}

function tick() {
  anchor();
  if (!base) return;
  const now = businessNow();
  const shown = document.querySelector("#now time");
  if (shown) shown.textContent = base.format.format(now);
  const holder = document.querySelector("[data-words]");
  const words = holder ? JSON.parse(holder.dataset.words) : {};
  for (const left of document.querySelectorAll(".left[data-due]")) left.textContent = spell(left.dataset.due - now, words);
  for (const item of document.querySelectorAll("[data-start][data-due]")) {
    const { start, due } = item.dataset;
    item.classList.toggle("late", now > +due);
    item.classList.toggle("soon", now <= +due && now > +start + (due - start) * 0.8);
  }
}

function link(state) {
  const shown = document.getElementById("link");
  if (!shown || shown.dataset.state === state) return;
  shown.dataset.state = state;
  shown.textContent = shown.dataset[state];
}

const RETRY_MS = 3000;
const signedOut = (status) => status === 401 || status === 403;

document.addEventListener("htmx:after:sse:connection", () => link("live"));
document.addEventListener("htmx:before:sse:message", () => link("live"));
document.addEventListener("htmx:sse:error", (event) => {
  if (signedOut(event.detail.status)) location.reload();
  link("stale");
});
// The extension connects again by itself, but only after a first success.
document.addEventListener("htmx:finally:request", (event) => {
  const live = document.getElementById("live");
  if (event.target !== live || live._htmx?.sse) return;
  link("stale");
  setTimeout(() => live.dispatchEvent(new Event("again")), RETRY_MS);
});
document.addEventListener("htmx:after:swap", tick);

for (const form of document.querySelectorAll("form[data-auto]")) {
  form.addEventListener("change", () => form.requestSubmit());
  form.addEventListener("formdata", (event) => {
    // the address says only what was asked for
    for (const [name, value] of [...event.formData]) if (value === "" || (name === "status" && value === "open")) event.formData.delete(name);
  });
}
for (const back of document.querySelectorAll("a[data-back]")) {
  const from = document.referrer && new URL(document.referrer);
  if (from && from.origin === location.origin && from.pathname === "/cases") back.href = from.pathname + from.search;
}
link("waiting");
tick();
setInterval(tick, 1000);
