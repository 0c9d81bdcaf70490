// Makes pages live and adds keys. Everything works without it.
(() => {
  "use strict";
  const html = document.documentElement, body = document.body;
  html.classList.add("script");

  // -- times: how long until, how long since; and the browser's own time beside UTC ---------------------------------
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  function span(seconds) {
    const parts = [];
    let left = Math.max(Math.floor(seconds), 0);
    for (const [name, size] of units) {
      const count = Math.floor(left / size);
      left -= count * size;
      if (count || (name === "s" && !parts.length)) parts.push(`${count} ${name}`);
    }
    return parts.slice(0, 2).join(" ");
  }
  function tick() {
    for (const time of document.querySelectorAll("time[data-at]")) {
      const at = Number(time.dataset.at), left = at - Date.now() / 1000;
      const text = left >= 1 ? `in ${span(left)}` : "due" in time.dataset ? "over" : left > -5 ? "just now" : `${span(-left)} ago`;
      if (time.textContent !== text) time.textContent = text;
      if (!time.dataset.local) {
        time.dataset.local = new Date(at * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
        time.title = `${time.title ? `${time.title} · ` : ""}here: ${time.dataset.local}`;
      }
    }
  }

  // -- what was just sent back is said first ------------------------------------------------------------------------
  function begin() {
    const first = document.querySelector("[data-focus]");
    if (first) first.focus();
    tick();
  }

  // -- live: what has changed is fetched, and put in place; focus and half-written text stay --------------------------
  let waiting = 0, known = null;
  const parts = (body.dataset.part || "").split(" ").filter((part) => part && document.querySelector(part));
  const items = () => new Set([...document.querySelectorAll("#list .card")].map((card) => card.id));
  function say(before) {
    const now = items(), added = [...now].filter((id) => !before.has(id)), gone = [...before].filter((id) => !now.has(id));
    for (const id of added) document.getElementById(id).classList.add("arrived");
    const told = [added.length && `${added.length} new`, gone.length && `${gone.length} gone`].filter(Boolean).join(", ");
    const news = document.getElementById("news");
    if (told) news.textContent = told;
    else if (!document.querySelector("#list")) news.textContent = "This page was brought up to date.";
  }
  async function refresh() {
    waiting = 0;
    if (!parts.length) return;
    const before = items();
    const open = [...document.querySelectorAll("details[open]")].map((each) => each.querySelector("summary").textContent);
    for (const part of parts) await htmx.ajax("GET", location.pathname + location.search, { target: part, select: part, swap: "outerMorph" });
    for (const each of document.querySelectorAll("details")) if (open.includes(each.querySelector("summary").textContent)) each.open = true;
    tick();
    say(before);
  }
  function later() { waiting ||= setTimeout(refresh, 250); }
  function listen() {
    if (!body.dataset.live || !window.EventSource) return;
    const source = new EventSource(body.dataset.live);
    for (const name of (body.dataset.events || "").split(" ")) {
      source.addEventListener(name, (event) => {
        const mine = body.dataset.session;
        if (mine && event.data && event.data.includes('"session"') && !event.data.includes(mine)) return;
        if (name === "reset" && known === null) { known = event.lastEventId; return; }
        known = event.lastEventId;
        later();
      });
    }
    source.addEventListener("end", () => source.close());
    addEventListener("pagehide", () => source.close());
  }

  // -- keys -----------------------------------------------------------------------------------------------------------
  function move(step) {
    const links = [...document.querySelectorAll("[data-item]")];
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
  function choose(key) {
    const radio = document.querySelector(`input[data-key="${key}"]`);
    if (!radio) return;
    radio.checked = true;
    const why = key === "r" && document.querySelector(".with-reject textarea");
    (why || radio).focus();
  }
  const keys = {
    j: () => move(1), k: () => move(-1), a: () => choose("a"), r: () => choose("r"),
    "?": () => { const list = document.getElementById("keys"); if (list && !list.open) list.showModal(); },
  };
  addEventListener("keydown", (event) => {
    const writes = event.target.closest("textarea, select, input:not([type=radio], [type=checkbox])");
    if (writes || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
  addEventListener("click", (event) => {
    const button = event.target.closest("button[data-key]");
    if (button && keys[button.dataset.key]) keys[button.dataset.key]();
  });

  // -- a form is sent once ----------------------------------------------------------------------------------------------
  addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });

  begin();
  setInterval(tick, 1000);
  listen();
})();
