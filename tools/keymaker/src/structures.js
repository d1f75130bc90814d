// The DER that a key made in the page needs: a request, a key under a password, a PKCS#12. No page, no storage.
// [RFC 2986 §4, RFC 5958 §3, RFC 8018 §6.2, RFC 7292 §4]
import * as asn1js from "asn1js";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { hmac } from "@noble/hashes/hmac.js";
import { CBC, EDE } from "des.js";

const OID = {
  rsaSha256: "1.2.840.113549.1.1.11",
  data: "1.2.840.113549.1.7.1",
  encryptedData: "1.2.840.113549.1.7.6",
  shroudedKey: "1.2.840.113549.1.12.10.1.2",
  certBag: "1.2.840.113549.1.12.10.1.3",
  x509: "1.2.840.113549.1.9.22.1",
  friendlyName: "1.2.840.113549.1.9.20",
  localKeyId: "1.2.840.113549.1.9.21",
  pbes2: "1.2.840.113549.1.5.13",
  pbkdf2: "1.2.840.113549.1.5.12",
  hmacSha256: "1.2.840.113549.2.9",
  aes256: "2.16.840.1.101.3.4.1.42",
  sha1TripleDes: "1.2.840.113549.1.12.1.3",
  sha1: "1.3.14.3.2.26",
  sha256: "2.16.840.1.101.3.4.2.1",
};
// What a thief of the file pays for each guess. The old form's software stops at fewer rounds.
const MODERN_ROUNDS = 600_000;
const OLD_ROUNDS = 100_000;

const sequence = (...value) => new asn1js.Sequence({ value });
const set = (...value) => new asn1js.Set({ value });
const integer = (value) => new asn1js.Integer({ value });
const oid = (value) => new asn1js.ObjectIdentifier({ value });
const octets = (bytes) => new asn1js.OctetString({ valueHex: exact(bytes) });
const bits = (bytes) => new asn1js.BitString({ valueHex: exact(bytes) });
const nothing = () => new asn1js.Null();
const explicit = (...value) => new asn1js.Constructed({ idBlock: { tagClass: 3, tagNumber: 0 }, value });
const implicit = (bytes) => new asn1js.Primitive({ idBlock: { tagClass: 3, tagNumber: 0 }, valueHex: exact(bytes) });
const der = (block) => new Uint8Array(block.toBER(false));
const exact = (bytes) => new Uint8Array(bytes).buffer;

function parsed(bytes) {
  const found = asn1js.fromBER(exact(bytes));
  if (found.offset === -1) throw new Error("not DER");
  return found.result;
}

const random = (count) => crypto.getRandomValues(new Uint8Array(count));

/** A pair of keys (RSA 3072, 65537) and the request (DER) that proves the private one is held. */
export async function makeKeyAndRequest() {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", modulusLength: 3072, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
  const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  const attributes = new asn1js.Constructed({ idBlock: { tagClass: 3, tagNumber: 0 }, value: [] });
  const info = sequence(integer(0), sequence(), parsed(spki), attributes);
  const signature = await crypto.subtle.sign(algorithm.name, pair.privateKey, der(info));
  const request = der(sequence(info, sequence(oid(OID.rsaSha256), nothing()), bits(new Uint8Array(signature))));
  const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  return { request, key, spki: hex(new Uint8Array(await crypto.subtle.digest("SHA-256", spki))) };
}

/** A private key (PKCS#8) under a password: an EncryptedPrivateKeyInfo, AES-256 and PBKDF2-SHA256. */
export async function lock(key, password) {
  const { algorithm, encrypted } = await pbes2(key, password);
  return der(sequence(algorithm, octets(encrypted)));
}

/** The private key again; throws when the password is not the one. */
export async function unlock(locked, password) {
  const [algorithm, encrypted] = parsed(locked).valueBlock.value;
  const [derivation, cipher] = algorithm.valueBlock.value[1].valueBlock.value;
  const [salt, rounds] = derivation.valueBlock.value[1].valueBlock.value;
  const iv = new Uint8Array(cipher.valueBlock.value[1].valueBlock.valueHexView);
  const secret = await aesKey(password, new Uint8Array(salt.valueBlock.valueHexView), rounds.valueBlock.valueDec);
  const key = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv }, secret, exact(encrypted.valueBlock.valueHexView)));
  const usage = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  await crypto.subtle.importKey("pkcs8", key, usage, false, ["sign"]);
  return key;
}

/** A PKCS#12 of the key and its certificates (DER, its own first). `old`: 3DES and SHA-1, for old software. */
export async function makeP12({ key, certificates, password, name, old }) {
  const protect = old ? tripleDes : pbes2;
  const keyId = sha1(certificates[0]);
  const shrouded = await protect(key, password);
  const keyBag = bag(OID.shroudedKey, sequence(shrouded.algorithm, octets(shrouded.encrypted)), keyId, name);
  const bags = certificates.map((one, place) =>
    bag(OID.certBag, sequence(oid(OID.x509), explicit(octets(one))), place ? null : keyId, place ? "" : name));
  const kept = await protect(der(sequence(...bags)), password);
  const contents = der(sequence(
    sequence(oid(OID.encryptedData), explicit(sequence(integer(0), sequence(oid(OID.data), kept.algorithm, implicit(kept.encrypted))))),
    dataOf(der(sequence(keyBag)))));
  return der(sequence(integer(3), dataOf(contents), mac(contents, password, old)));
}

function dataOf(bytes) {
  return sequence(oid(OID.data), explicit(octets(bytes)));
}

function bag(kind, content, keyId, name) {
  const attributes = [];
  if (name) attributes.push(sequence(oid(OID.friendlyName), set(new asn1js.BmpString({ value: name }))));
  if (keyId) attributes.push(sequence(oid(OID.localKeyId), set(octets(keyId))));
  return sequence(oid(kind), explicit(content), ...(attributes.length ? [set(...attributes)] : []));
}

function mac(contents, password, old) {
  const [hash, name, rounds] = old ? [sha1, OID.sha1, OLD_ROUNDS] : [sha256, OID.sha256, MODERN_ROUNDS];
  const salt = random(16);
  const secret = derive(hash, password, { salt, purpose: 3, rounds, length: hash.outputLen });
  const digest = sequence(sequence(oid(name), nothing()), octets(hmac(hash, secret, contents)));
  return sequence(digest, octets(salt), integer(rounds));
}

async function pbes2(content, password) {
  const salt = random(16), iv = random(16);
  const secret = await aesKey(password, salt, MODERN_ROUNDS);
  const encrypted = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv }, secret, exact(content)));
  const derivation = sequence(octets(salt), integer(MODERN_ROUNDS), sequence(oid(OID.hmacSha256), nothing()));
  const algorithm = sequence(oid(OID.pbes2), sequence(sequence(oid(OID.pbkdf2), derivation), sequence(oid(OID.aes256), octets(iv))));
  return { algorithm, encrypted };
}

async function aesKey(password, salt, iterations) {
  const typed = new TextEncoder().encode(password);
  const base = await crypto.subtle.importKey("raw", typed, "PBKDF2", false, ["deriveKey"]);
  return crypto.subtle.deriveKey({ name: "PBKDF2", salt, iterations, hash: "SHA-256" }, base, { name: "AES-CBC", length: 256 }, false, ["encrypt", "decrypt"]);
}

async function tripleDes(content, password) {
  const salt = random(8), rounds = OLD_ROUNDS;
  const key = derive(sha1, password, { salt, purpose: 1, rounds, length: 24 });
  const iv = derive(sha1, password, { salt, purpose: 2, rounds, length: 8 });
  const cipher = CBC.instantiate(EDE).create({ type: "encrypt", key, iv });
  const encrypted = Uint8Array.from(cipher.update(content).concat(cipher.final()));
  return { algorithm: sequence(oid(OID.sha1TripleDes), sequence(octets(salt), integer(rounds))), encrypted };
}

/** PKCS#12's own derivation [RFC 7292 B.2]. */
function derive(hash, password, { salt, purpose, rounds, length }) {
  const width = hash.blockLen;
  const block = new Uint8Array(width).fill(purpose);
  const mixed = new Uint8Array([...stretched(salt, width), ...stretched(bigEndian(password), width)]);
  const made = [];
  while (made.length < length) {
    let found = hash(new Uint8Array([...block, ...mixed]));
    for (let round = 1; round < rounds; round += 1) found = hash(found);
    made.push(...found);
    addToEach(mixed, stretched(found, width), width);
  }
  return Uint8Array.from(made.slice(0, length));
}

function stretched(bytes, width) {
  const length = width * Math.ceil(bytes.length / width);
  return Uint8Array.from({ length }, (_, place) => bytes[place % bytes.length]);
}

function addToEach(mixed, addend, width) {
  for (let start = 0; start < mixed.length; start += width) {
    let carry = 1;
    for (let place = width - 1; place >= 0; place -= 1) {
      carry += mixed[start + place] + addend[place];
      mixed[start + place] = carry & 0xff;
      carry >>= 8;
    }
  }
}

function bigEndian(password) {
  const bytes = [];
  for (const unit of `${password}\0`.split("")) bytes.push(unit.charCodeAt(0) >> 8, unit.charCodeAt(0) & 0xff);
  return Uint8Array.from(bytes);
}

/** Bytes as lower-case hexadecimal. */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Bytes as PEM. */
export function pem(bytes, label) {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return `-----BEGIN ${label}-----\n${text.match(/.{1,64}/g).join("\n")}\n-----END ${label}-----\n`;
}

/** Every certificate of a PEM text, as DER. */
export function certificatesOf(text) {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) || [];
  return found.map((one) => Uint8Array.from(atob(one.replace(/-----[^-]+-----|\s/g, "")), (c) => c.charCodeAt(0)));
}
