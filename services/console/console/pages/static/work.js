// The technician's page: photos made small and sent one by one, the signature pad, moves that can be sent again. Without it the plain moves still work.
"use strict";

const LONGEST_SIDE = 1600;
const QUALITY = 0.82;
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
      if (request.responseURL.includes("/sign-in")) location.reload();
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
      item.replaceChildren(said, button(retry, send), button(remove, () => item.remove()));
    }
  }
  await send();
}

function begin(root) {
  for (const widget of root.querySelectorAll("[data-photos]")) {
    widget.hidden = false;
    const input = widget.querySelector("input[type=file]");
    input.addEventListener("change", async () => {
      const files = [...input.files];
      input.value = "";
      for (const file of files) await addPhoto(widget, file); // one after the other: a slow link is not shared
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
  const clear = () => {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pad.signed = null;
    paper.required = true;
  };
  pad.hidden = false;
  clear();
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
    pad.signed = pad.signed && !pad.signed.id ? pad.signed : { key: newKey() }; // a new stroke is a new picture
    paper.required = false;
  });
  pad.querySelector("[data-clear]").addEventListener("click", clear);
}

function tell(form, text) {
  const said = form.querySelector(".wrong") || form.appendChild(Object.assign(document.createElement("p"), { className: "wrong", role: "alert" }));
  said.textContent = text;
  said.scrollIntoView({ block: "center" });
}

// The key stays in the form: what did not get through is sent again and happens once.
async function send(form) {
  const buttons = [...form.querySelectorAll("button")];
  const failed = (text) => { buttons.forEach((one) => { one.disabled = false; }); tell(form, text || form.dataset.failed); };
  buttons.forEach((one) => { one.disabled = true; });
  try {
    const pad = form.querySelector("[data-pad]");
    if (pad?.signed) {
      const picture = await new Promise((done) => pad.querySelector("canvas").toBlob(done, "image/png"));
      pad.signed.id ??= await upload(pad.dataset.pad, picture, pad.signed.key);
      form.querySelector(`input[name="${pad.dataset.name}"]`)?.remove();
      form.append(hidden(pad.dataset.name, pad.signed.id));
    }
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (answer.ok) return location.assign(answer.url);
    if (answer.status >= 500) return failed();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    document.querySelector("main").replaceWith(page);
    begin(page);
    document.dispatchEvent(new Event("htmx:after:swap")); // the countdowns are new
    page.querySelector("[role=alert]")?.scrollIntoView({ block: "center" });
  } catch (error) {
    failed(error instanceof TypeError ? "" : error.message);
  }
}

begin(document);
