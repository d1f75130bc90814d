// How hard a password is to guess, roughly and on the safe side, and one that is hard for certain.
const CLASSES = [[/[a-z]/, 26], [/[A-Z]/, 26], [/[0-9]/, 10], [/[^A-Za-z0-9]/, 30]];
const EASY = /(?:motdepasse|password|azerty|qwerty|bonjour|soleil|sante|hopital|medecin|certificat|admin|sceau)/gi;
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";
export const SHORTEST = 12;

/** `accents`, `short`, `weak`, `fair` or `strong`. Java and old software read no accent. Repeated and consecutive characters, years and common words count for one. */
export function strengthOf(password) {
  if (/[^ -~]/.test(password)) return "accents";
  if (password.length < SHORTEST) return "short";
  const plain = password.replace(EASY, "x").replace(/(?:19|20)\d\d/g, "1");
  let length = 0;
  for (let place = 0; place < plain.length; place += 1) {
    const step = place ? plain.charCodeAt(place) - plain.charCodeAt(place - 1) : 9;
    if (Math.abs(step) > 1) length += 1;
  }
  const alphabet = CLASSES.reduce((sum, [kind, size]) => sum + (kind.test(plain) ? size : 0), 0);
  const strength = Math.min(length, 2 * new Set(plain).size) * Math.log2(Math.max(alphabet, 2));
  if (strength < 50) return "weak";
  return strength < 75 ? "fair" : "strong";
}

/** Twenty characters drawn at random, in four groups: 99 bits. */
export function propose() {
  const drawn = [];
  while (drawn.length < 20) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < 248) drawn.push(LETTERS[byte % 31]);
  }
  return drawn.join("").match(/.{5}/g).join("-");
}
