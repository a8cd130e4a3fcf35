// What a page does beyond htmx: a key for the search field, a question before what touches many, one open menu.
"use strict";

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const field = document.querySelector("[data-key='/']");
    if (field) {
      event.preventDefault();
      field.focus();
    }
  }
  if (event.key === "Escape") {
    document.querySelectorAll("details.user[open]").forEach((menu) => { menu.open = false; });
  }
});

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
  }
});

document.addEventListener("click", (event) => {
  document.querySelectorAll("details.user[open]").forEach((menu) => {
    if (!menu.contains(event.target)) {
      menu.open = false;
    }
  });
});

document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented && "busy" in event.target.dataset) {
    event.target.querySelector("button").setAttribute("aria-busy", "true");
  }
});
