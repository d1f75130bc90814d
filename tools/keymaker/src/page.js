// Ties the page to the keys: makes them on the request, builds files with them on the certificate. What the page
// says stands in the page, as `data-` texts. Neither key nor password is ever in a field that has a name.
import { certificatesOf, lock, makeKeyAndRequest, makeP12, pem, unlock } from "./structures.js";
import { forget, keep, kept } from "./keeping.js";
import { propose, strengthOf } from "./password.js";

const able = Boolean(window.isSecureContext && window.crypto?.subtle && window.indexedDB);

function part(box, role) {
  return box.querySelector(`[data-role=${role}]`);
}

function tell(box, what) {
  part(box, "said").textContent = box.dataset[what] || "";
}

function give(name, bytes, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function working(box, act) {
  const buttons = box.querySelectorAll("button");
  buttons.forEach((one) => { one.disabled = true; });
  tell(box, "busy");
  await new Promise((done) => window.setTimeout(done, 30)); // lets the page say so before the long sums
  try {
    await act();
  } catch (_) {
    tell(box, "failed");
  } finally {
    buttons.forEach((one) => { one.disabled = false; });
  }
}

function weighPassword(box) {
  const typed = part(box, "password").value;
  part(box, "strength").textContent = typed ? box.dataset[strengthOf(typed)] : "";
}

function proposePassword(box) {
  const proposed = propose();
  for (const role of ["password", "again"]) {
    part(box, role).type = "text";
    part(box, role).value = proposed;
  }
  weighPassword(box);
}

async function makeKeys(box) {
  const password = part(box, "password").value;
  if (["accents", "short", "weak"].includes(strengthOf(password))) return tell(box, "refused");
  if (password !== part(box, "again").value) return tell(box, "differ");
  return working(box, async () => {
    for (const id of box.dataset.targets.split(" ")) {
      const made = await makeKeyAndRequest();
      const locked = await lock(made.key, password);
      made.key.fill(0);
      await keep(made.spki, locked);
      const field = document.getElementById(id);
      field.value = pem(made.request, "CERTIFICATE REQUEST");
      field.closest("details")?.setAttribute("open", "");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    tell(box, "done");
    part(box, "next").hidden = false;
  });
}

async function withKey(box, locked, act) {
  const password = part(box, "password").value;
  let key;
  try {
    key = await unlock(locked, password);
  } catch (_) {
    return tell(box, "wrong");
  }
  await act(key, password);
  key.fill(0);
  return tell(box, "done");
}

async function makeFile(box, locked) {
  const texts = await Promise.all(box.dataset.chain.split(" ").map(async (address) => {
    const answer = await fetch(address, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.text();
  }));
  const certificates = texts.flatMap(certificatesOf);
  const old = part(box, "old").checked;
  await withKey(box, locked, async (key, password) => {
    const p12 = await makeP12({ key, certificates, password, name: box.dataset.stem, old });
    give(`${box.dataset.stem}.p12`, p12, "application/x-pkcs12");
  });
}

function startMaking(box) {
  part(box, "password").addEventListener("input", () => weighPassword(box));
  part(box, "propose").addEventListener("click", () => proposePassword(box));
  part(box, "make").addEventListener("click", () => makeKeys(box));
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    makeKeys(box);
  });
  box.hidden = false;
}

async function startBuilding(box) {
  const locked = await kept(box.dataset.spki);
  if (!locked) return;
  box.hidden = false;
  const bytes = new Uint8Array(locked);
  part(box, "p12")?.addEventListener("click", () => working(box, () => makeFile(box, bytes)));
  part(box, "pem")?.addEventListener("click", () => working(box, () => withKey(box, bytes, async () => {
    give(`${box.dataset.stem}.key`, pem(bytes, "ENCRYPTED PRIVATE KEY"), "application/x-pem-file");
  })));
  part(box, "forget")?.addEventListener("click", async () => {
    if (!part(box, "sure").checked) return tell(box, "unsure");
    await forget(box.dataset.spki);
    part(box, "tools").hidden = true;
    return tell(box, "forgotten");
  });
}

if (able) {
  document.querySelectorAll("[data-keymaker]").forEach(startMaking);
  document.querySelectorAll("[data-keyholder]").forEach((box) => startBuilding(box).catch(() => {}));
}
