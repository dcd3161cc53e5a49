// Brings the page up to date when something happened in the pretend world. Without it, reloading does the same.
"use strict";

const EVERY_MS = 1500;
let version = document.documentElement.dataset.version;

async function fetched(url) {
  const reply = await fetch(url, { cache: "no-store" });
  if (!reply.ok) throw new Error(reply.status);
  return reply.text();
}

function isTyping() {
  return document.activeElement instanceof HTMLInputElement || String(getSelection());
}

function replace(part, fresh) {
  const now = document.querySelector(`[data-part=${part}]`);
  const next = fresh.querySelector(`[data-part=${part}]`);
  for (const open of now.querySelectorAll("details[open][id]")) {
    fresh.getElementById(open.id)?.setAttribute("open", "");
  }
  const places = [...now.querySelectorAll(".messages")].map((list) => list.scrollTop);
  now.replaceWith(next);
  next.querySelectorAll(".messages").forEach((list, n) => (list.scrollTop = places[n] ?? 0));
}

async function update() {
  if (document.hidden || isTyping()) return;
  const latest = await fetched("/see/version");
  if (latest === version) return;
  const fresh = new DOMParser().parseFromString(await fetched(location.href), "text/html");
  version = fresh.documentElement.dataset.version;
  replace("nav", fresh);
  if (document.querySelector("main").hasAttribute("data-live")) replace("main", fresh);
}

setInterval(() => update().catch(() => {}), EVERY_MS); // a sandbox that was stopped is no error of the page

const target = document.getElementById(location.hash.slice(1));
if (target instanceof HTMLDetailsElement) target.open = true;
