// Answers a question of the page while one types: asks for the same page as the button would, and takes from it the
// part that answers. The page works without it.
"use strict";
(() => {
  const form = document.querySelector("form[data-answer]");
  if (!form || !window.fetch) return;
  let wait = 0;
  let asked = 0;
  const ask = async () => {
    const mine = ++asked;
    const address = `${location.pathname}?${new URLSearchParams(new FormData(form))}`;
    try {
      const answer = await fetch(address, { credentials: "same-origin" });
      if (!answer.ok || mine !== asked) return;
      const there = new DOMParser().parseFromString(await answer.text(), "text/html");
      const [old, fresh] = [document, there].map((one) => one.getElementById(form.dataset.answer));
      if (old && fresh) old.replaceChildren(...fresh.childNodes);
    } catch (_) { /* the button remains */ }
  };
  form.addEventListener("input", () => {
    window.clearTimeout(wait);
    wait = window.setTimeout(ask, 350);
  });
})();
