// A private key never leaves the page: pasted or dropped by mistake, it is taken out of its field before anything is
// sent, and one is told that it is now to be thrown away. The server refuses it all the same.
"use strict";
(() => {
  const TEXT = /PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File/;
  const READ = 65536;
  const checked = new WeakMap(); // file input → the file that was looked at
  const warn = (field) => {
    const warning = document.querySelector("[data-key-warning]");
    field.value = "";
    if (!warning) return;
    field.closest(".field").prepend(warning);
    warning.hidden = false;
    field.focus();
  };
  const header = (bytes, at) => { // where the contents of the DER element at `at` begin
    const length = bytes[at + 1];
    return at + 2 + (length > 0x80 ? length - 0x80 : 0);
  };
  const isKey = (bytes) => { // PKCS#8, PKCS#1, SEC 1, PKCS#12, encrypted PKCS#8, a Java keystore
    if (TEXT.test(new TextDecoder("latin1").decode(bytes))) return true;
    if (bytes[0] === 0xfe && bytes[1] === 0xed) return true;
    if (bytes[0] !== 0x30) return false;
    const first = header(bytes, 0);
    if (bytes[first] === 0x02) return bytes[first + 1] === 1 && [0, 1, 3].includes(bytes[first + 2]);
    const oid = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05];
    const second = header(bytes, first);
    return bytes[first] === 0x30 && oid.every((octet, index) => bytes[second + index] === octet);
  };
  const look = async (input) => { // whether none of the files chosen is a key
    for (const file of input.files) {
      if (checked.get(input) === file) continue;
      if (isKey(new Uint8Array(await file.slice(0, READ).arrayBuffer()))) { warn(input); return false; }
    }
    checked.set(input, input.files[0]);
    return true;
  };
  const isUnseen = (input) => input.files.length > 0 && checked.get(input) !== input.files[0];
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.matches("textarea") && TEXT.test(field.value)) {
      event.stopImmediatePropagation();
      warn(field);
    } else if (field.type === "file" && isUnseen(field)) {
      event.stopImmediatePropagation(); // nobody reads it before it was looked at
      look(field).then((fine) => { if (fine) field.dispatchEvent(new Event("input", { bubbles: true })); });
    }
  }, true);
  document.addEventListener("submit", (event) => {
    const unseen = [...event.target.querySelectorAll("input[type=file]")].filter(isUnseen);
    if (unseen.length === 0) return;
    event.preventDefault();
    Promise.all(unseen.map(look)).then((fine) => {
      if (fine.every(Boolean)) event.target.requestSubmit(event.submitter);
    });
  }, true);
})();
