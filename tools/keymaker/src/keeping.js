// Where a key waits between its request and its certificate: this browser's IndexedDB, under its password only.
const STORE = "keys";

function opened() {
  return new Promise((done, failed) => {
    const asked = indexedDB.open("sceau-keys", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

async function inStore(mode, act) {
  const base = await opened();
  try {
    return await new Promise((done, failed) => {
      const move = base.transaction(STORE, mode);
      const asked = act(move.objectStore(STORE));
      move.oncomplete = () => done(asked.result);
      move.onerror = move.onabort = () => failed(move.error);
    });
  } finally {
    base.close();
  }
}

/** Keep a locked key (bytes) under the digest of its public key. */
export const keep = (spki, locked) => inStore("readwrite", (store) => store.put(locked, spki));
/** The locked key of that public key, undefined when this browser has none. */
export const kept = (spki) => inStore("readonly", (store) => store.get(spki));
/** Forget it, for good. */
export const forget = (spki) => inStore("readwrite", (store) => store.delete(spki));
