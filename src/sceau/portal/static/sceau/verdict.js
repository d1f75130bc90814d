// Shows the verdict while one types. The page works without it: « Vérifier » does the same.
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
    data.delete("csr_file");
    try {
      const answer = await fetch(form.dataset.verdict, { method: "POST", body: data, credentials: "same-origin" });
      if (!answer.ok || mine !== asked) return;
      place.innerHTML = await answer.text();
    } catch (_) { /* the button remains */ }
  };
  form.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    window.clearTimeout(wait);
    wait = window.setTimeout(ask, 350);
  });
})();
