// Asks the browser for a passkey, and puts its answer into the form. Nothing is sent but by that form.
"use strict";
(() => {
  const form = document.querySelector("form[data-passkey]");
  const needed = document.getElementById("cle-sans-script");
  const said = document.getElementById("cle-dit");
  if (!form || !said || !window.PublicKeyCredential || !navigator.credentials) return;
  if (needed) needed.hidden = true;
  const octets = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (one) => one.charCodeAt(0));
  };
  const text = (data) => {
    let plain = "";
    for (const one of new Uint8Array(data)) plain += String.fromCharCode(one);
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const ask = async () => {
    const asked = JSON.parse(form.dataset.passkey);
    asked.challenge = octets(asked.challenge);
    const kept = { id: "", rawId: "", type: "public-key", response: {} };
    let given;
    if (form.dataset.act === "create") {
      asked.user.id = octets(asked.user.id);
      for (const one of asked.excludeCredentials) one.id = octets(one.id);
      given = await navigator.credentials.create({ publicKey: asked });
      kept.response = {
        clientDataJSON: text(given.response.clientDataJSON),
        attestationObject: text(given.response.attestationObject),
      };
    } else {
      given = await navigator.credentials.get({ publicKey: asked });
      const handle = given.response.userHandle;
      kept.response = {
        clientDataJSON: text(given.response.clientDataJSON),
        authenticatorData: text(given.response.authenticatorData),
        signature: text(given.response.signature),
      };
      if (handle) kept.response.userHandle = text(handle);
    }
    kept.id = given.id;
    kept.rawId = text(given.rawId);
    return JSON.stringify(kept);
  };
  form.addEventListener("submit", async (event) => {
    const answer = form.elements.namedItem("reponse");
    if (!answer || answer.value) return;
    event.preventDefault();
    said.textContent = said.dataset.asking;
    try {
      answer.value = await ask();
    } catch (error) {
      const known = error && error.name === "InvalidStateError";
      said.textContent = known ? said.dataset.known : said.dataset.nothing;
      return;
    }
    form.submit();
  });
})();
