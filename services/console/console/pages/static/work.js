// The technician's page: photos made small and sent one by one, the signature pad, moves that can be sent again. Without it the plain moves still work.
"use strict";

const LONGEST_SIDE = 1600;
const QUALITY = 0.82;
const PATIENCE = 45000; // ms for a move: longer than the server waits for its own peers
const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");

// A slow link carries 300 KB, not 6 MB. What the browser cannot read goes as it is: the server decides.
async function smaller(file) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return (await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY))) || file;
  } catch {
    return file;
  }
}

// One key for one picture: sending it again gives the same number.
function upload(url, blob, key, onProgress = () => {}) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Content-Type", blob.type);
    request.setRequestHeader("Idempotency-Key", key);
    request.timeout = 120000;
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () => {
      if (isDoor(request.responseURL)) return failed(Object.assign(new Error(document.querySelector("[data-signed-out]").dataset.signedOut), { door: true }));
      if (request.status === 201) return done(JSON.parse(request.responseText).id);
      let said = "";
      try { said = JSON.parse(request.responseText).title; } catch { /* not a problem document */ }
      failed(new Error(said));
    };
    request.onerror = request.ontimeout = () => failed(new Error(""));
    request.send(blob);
  });
}

const hidden = (name, value) => Object.assign(document.createElement("input"), { type: "hidden", name, value });
const button = (text, act) => {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
  made.addEventListener("click", act);
  return made;
};

// Led to the door instead of answered: the session is over, and a reload would throw away what was written.
const isDoor = (url) => Boolean(url) && new URL(url).pathname === "/sign-in";

// In a page of its own: this one keeps what was written.
const signIn = () => Object.assign(document.createElement("a"), { className: "button", href: "/sign-in?next=/work", target: "_blank", textContent: document.querySelector("[data-sign-in]").dataset.signIn });

async function addPhoto(widget, file) {
  const { photos: url, name, retry, failed, remove, alt } = widget.dataset;
  const item = document.createElement("li");
  widget.querySelector("ul").append(item);
  const blob = await smaller(file);
  const key = newKey();
  async function send() {
    const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
    bar.setAttribute("aria-label", alt);
    item.dataset.state = "sending";
    item.replaceChildren(bar);
    try {
      const id = await upload(url, blob, key, (part) => { bar.value = part; });
      const place = [...widget.querySelectorAll("li")].indexOf(item) + 1;
      const picture = Object.assign(new Image(96, 96), { src: `${url}/${id}?size=small`, alt: `${alt} ${place}` });
      item.dataset.state = "sent";
      item.replaceChildren(picture, hidden(name, id), button(remove, () => item.remove()));
    } catch (error) {
      item.dataset.state = "failed";
      const said = Object.assign(document.createElement("span"), { className: "failed", role: "alert", textContent: error.message || failed });
      if (error.door) said.append(" ", signIn());
      item.replaceChildren(said, button(retry, () => queue(widget, send)), button(remove, () => item.remove()));
    }
  }
  await send();
}

// One after the other: a slow link is not shared. A move waits for what is in here.
const queue = (widget, act) => (widget.queue = Promise.resolve(widget.queue).then(act));

function begin(root) {
  for (const widget of root.querySelectorAll("[data-photos]")) {
    widget.hidden = false;
    const input = widget.querySelector("input[type=file]");
    input.addEventListener("change", () => {
      for (const file of [...input.files]) queue(widget, () => addPhoto(widget, file));
      input.value = "";
    });
  }
  for (const pad of root.querySelectorAll("[data-pad]")) beginPad(pad);
  for (const form of root.querySelectorAll("form.move")) form.addEventListener("submit", (event) => { event.preventDefault(); send(form); });
}

function beginPad(pad) {
  const canvas = pad.querySelector("canvas");
  const paper = pad.closest("form").querySelector("[data-paper]");
  const pen = canvas.getContext("2d");
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };
  const forget = () => pad.querySelector(".shots")?.remove(); // what was drawn before the server refused
  const clear = () => {
    forget();
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pad.signed = null;
    paper.required = true;
  };
  const drawn = pad.querySelector(`input[name="${pad.dataset.name}"]`)?.value;
  pad.hidden = false;
  if (drawn) [pad.signed, paper.required] = [{ id: drawn }, false];
  else clear();
  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    Object.assign(pen, { lineWidth: 5, lineCap: "round", lineJoin: "round", strokeStyle: "#10201d" });
    pen.beginPath();
    pen.moveTo(...at(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    pen.lineTo(...at(event));
    pen.stroke();
    forget();
    pad.signed = pad.signed && !pad.signed.id ? pad.signed : { key: newKey() }; // a new stroke is a new picture
    paper.required = false;
  });
  pad.querySelector("[data-clear]").addEventListener("click", clear);
}

function tell(form, text, door) {
  const said = form.querySelector(".wrong") || form.appendChild(Object.assign(document.createElement("p"), { className: "wrong", role: "alert" }));
  said.textContent = text;
  if (door) said.append(" ", signIn());
  said.scrollIntoView({ block: "center" });
}

// Buttons rest and the one that was pressed says why, until there is an answer. Returns how to end it.
function busy(form) {
  const buttons = [...form.querySelectorAll("button")];
  const pressed = buttons.find((one) => one.type === "submit");
  const label = pressed.textContent;
  form.querySelector(".wrong")?.remove();
  form.setAttribute("aria-busy", "true");
  buttons.forEach((one) => { one.disabled = true; });
  return {
    say: (text) => { pressed.textContent = text; },
    end: () => {
      form.removeAttribute("aria-busy");
      buttons.forEach((one) => { one.disabled = false; });
      pressed.textContent = label;
    },
  };
}

async function sendSignature(form) {
  const pad = form.querySelector("[data-pad]");
  if (!pad?.signed) return;
  const picture = await new Promise((done) => pad.querySelector("canvas").toBlob(done, "image/png"));
  pad.signed.id ??= await upload(pad.dataset.pad, picture, pad.signed.key);
  form.querySelectorAll(`input[name="${pad.dataset.name}"]`).forEach((one) => one.remove());
  form.append(hidden(pad.dataset.name, pad.signed.id));
}

// The key stays in the form: what did not get through is sent again and happens once.
async function send(form) {
  if (form.hasAttribute("aria-busy")) return;
  const { failed, signedOut, sending, waiting, photosFailed } = form.dataset;
  const work = busy(form);
  const stop = (text, door) => { work.end(); tell(form, text || failed, door); };
  try {
    work.say(waiting);
    await Promise.all([...form.querySelectorAll("[data-photos]")].map((widget) => widget.queue));
    if (form.querySelector("li[data-state=failed]")) return stop(photosFailed);
    work.say(sending);
    await sendSignature(form);
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), signal: AbortSignal.timeout(PATIENCE) });
    if (isDoor(answer.url)) return stop(signedOut, true);
    if (answer.ok) return location.assign(answer.url);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (answer.status >= 500) return stop();
    if (!page?.querySelector(".task")) return stop(page?.querySelector("h1")?.textContent); // not this order: what was written stays
    document.querySelector("main").replaceWith(page);
    begin(page);
    document.dispatchEvent(new Event("htmx:after:swap")); // the countdowns are new
    page.querySelector("[role=alert]")?.scrollIntoView({ block: "center" });
  } catch (error) {
    stop(error.constructor === Error ? error.message : "", error.door); // an Error of ours says it in words; the browser's own do not
  }
}

addEventListener("pageshow", (event) => event.persisted && location.reload()); // "back" shows where the order stands now
begin(document);
