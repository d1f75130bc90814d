// Shows the verdict while one types, and reads a request dropped as a file. The page works without it: « Vérifier »
// does the same.
"use strict";
(() => {
  const form = document.querySelector("form[data-verdict]");
  const place = document.getElementById("verdict");
  if (!form || !place || !window.fetch) return;
  let wait = 0;
  let asked = 0;
  const ask = async () => {
    const mine = ++asked;
    const data = new FormData(form);
    for (const one of form.querySelectorAll("input[type=file]")) data.delete(one.name);
    try {
      const answer = await fetch(form.dataset.verdict, { method: "POST", body: data, credentials: "same-origin" });
      if (!answer.ok || mine !== asked) return;
      place.innerHTML = await answer.text();
      for (const one of place.querySelectorAll("[data-into]")) {
        const there = document.getElementById(one.dataset.into);
        if (there) there.replaceChildren(...one.childNodes);
      }
    } catch (_) { /* the button remains */ }
  };
  const read = async (input) => {
    const field = document.getElementById(input.dataset.readsInto || "");
    const [file] = input.files;
    if (!field || !file || file.size > 16384) return;
    const text = await file.text();
    if (!text.includes("-----BEGIN")) return; // binary: the server reads it
    field.value = text;
    input.value = "";
    ask();
  };
  form.addEventListener("input", (event) => {
    if (event.target.type === "file") { read(event.target); return; }
    if (!event.target.name) return; // a password of the page: nothing to ask about
    window.clearTimeout(wait);
    wait = window.setTimeout(ask, 350);
  });
})();
