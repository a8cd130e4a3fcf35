// The rules tester: sends the beginnings of the files that were dropped or chosen, each after its length, and shows the answer.
"use strict";

(() => {
  const form = document.getElementById("rules");
  const state = document.getElementById("rules-state");
  const answer = document.getElementById("rules-answer");
  const most = { files: Number(form.dataset.mostFiles), each: Number(form.dataset.longestFile), bytes: Number(form.dataset.mostBytes) };
  let busy = false;

  // a folder's entries come some at a time
  const entriesOf = async (folder) => {
    const reader = folder.createReader();
    const found = [];
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0 || found.length > most.files) {
        return found;
      }
      found.push(...some);
    }
  };

  const filesOf = async (entries) => {
    const files = [];
    const waiting = [...entries];
    while (waiting.length > 0 && files.length <= most.files) {
      const entry = waiting.shift();
      if (entry.isDirectory) {
        waiting.push(...await entriesOf(entry));
      } else {
        files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
      }
    }
    return files;
  };

  // slices are not read before they are sent
  const bodyOf = (files) => {
    const each = Math.min(most.each, Math.floor(most.bytes / files.length));
    return new Blob(files.flatMap((file) => {
      const length = Math.min(file.size, each);
      const head = new DataView(new ArrayBuffer(4));
      head.setUint32(0, length);
      return [head.buffer, file.slice(0, length)];
    }));
  };

  const said = (text) => {
    const alert = new DOMParser().parseFromString(text, "text/html").querySelector("main [role=alert], main p");
    return alert ? alert.textContent.trim() : "";
  };

  const send = async (files) => {
    const headers = { "X-CSRF-Token": form.elements.csrf.value, "HX-Request": "true", "Content-Type": "application/octet-stream" };
    const response = await fetch(form.action, { method: "POST", headers, body: bodyOf(files) });
    const elsewhere = response.headers.get("HX-Redirect");
    if (elsewhere) {
      window.location.assign(elsewhere);
      return;
    }
    const text = await response.text();
    if (!response.ok) {
      throw new Error(said(text) || `The node answers with status ${response.status}.`);
    }
    answer.innerHTML = text;
    answer.querySelectorAll("[data-file]").forEach((place) => {
      const file = files[Number(place.dataset.file)];
      place.textContent = file.webkitRelativePath || file.name;
    });
    answer.focus();
  };

  const look = async (find) => {
    if (busy) {
      return;
    }
    busy = true;
    answer.replaceChildren();
    form.setAttribute("aria-busy", "true");
    state.classList.remove("wrong");
    state.textContent = "Looking at the files ...";
    try {
      const files = [...await find()];
      if (files.length === 0) {
        state.textContent = "There are no files in it.";
        return;
      }
      const taken = files.slice(0, most.files);
      await send(taken);
      state.textContent = files.length > taken.length
        ? `Only the first ${taken.length} files were looked at.`
        : `${taken.length} ${taken.length === 1 ? "file" : "files"} looked at.`;
    } catch (error) {
      state.classList.add("wrong");
      state.textContent = error instanceof TypeError
        ? "The files could not be sent. Is the node up, and are the files still there?"
        : error.message || "The files could not be read.";
    } finally {
      busy = false;
      form.removeAttribute("aria-busy");
    }
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => {
    const chosen = [...event.target.files];
    event.target.value = "";
    look(async () => chosen);
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) {
      form.classList.remove("over");
    }
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
    look(() => filesOf(entries));
  });
})();
