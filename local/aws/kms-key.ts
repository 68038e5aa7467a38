// One KMS key and its cryptography: AES-GCM with the encryption context as additional data, or RSA-OAEP.
import { constants, createCipheriv, createDecipheriv, generateKeyPairSync, privateDecrypt, publicEncrypt, randomBytes, type KeyObject } from 'node:crypto'
import type { Arn } from '../../api/arn.ts'
import { Refusal } from './answer.ts'

export type KeySpec = 'SYMMETRIC_DEFAULT' | 'RSA_2048' | 'RSA_3072' | 'RSA_4096' | 'ECC_NIST_P256' | 'HMAC_256'
export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion'
export type EncryptionContext = Readonly<Record<string, string>>

export interface Key {
  arn: Arn
  spec: KeySpec
  state: KeyState
  /** 32 bytes, the same for all replicas of a multi-Region key. */
  material: Buffer
  /** Of an RSA key, made when it is first used: that takes a moment. */
  pair?: { publicKey: KeyObject, privateKey: KeyObject }
}

const ivBytes = 12
const tagBytes = 16

/** A symmetric ciphertext names its key: all replicas of a multi-Region key by their id, any other by its ARN. */
export function keyLabel ({ arn }: Key): string {
  return arn.name.startsWith('mrk-') ? arn.name : arn.text
}

/** Length of the label (2 bytes), label, IV, tag, and what AES-256-GCM made of the plaintext. */
export function encryptSymmetric (key: Key, plaintext: Buffer, context: EncryptionContext): Buffer {
  const label = Buffer.from(keyLabel(key))
  const length = Buffer.alloc(2)
  length.writeUInt16BE(label.length)
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key.material, iv).setAAD(additionalData(label, context))
  const text = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return Buffer.concat([length, label, iv, cipher.getAuthTag(), text])
}

/** The label of the key that made a symmetric ciphertext; nonsense for any other text. */
export function labelIn (ciphertext: Buffer): string {
  return ciphertext.length < 2 ? '' : ciphertext.subarray(2, 2 + ciphertext.readUInt16BE()).toString()
}

/** Throws Refusal InvalidCiphertextException when the ciphertext or its context is not the one of Encrypt. */
export function decryptSymmetric (key: Key, ciphertext: Buffer, context: EncryptionContext): Buffer {
  const label = Buffer.from(labelIn(ciphertext))
  const rest = ciphertext.subarray(2 + label.length)
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.material, rest.subarray(0, ivBytes), { authTagLength: tagBytes })
      .setAAD(additionalData(label, context)).setAuthTag(rest.subarray(ivBytes, ivBytes + tagBytes))
    return Buffer.concat([decipher.update(rest.subarray(ivBytes + tagBytes)), decipher.final()])
  } catch {
    throw invalidCiphertext()
  }
}

export function invalidCiphertext (): Refusal {
  return new Refusal('InvalidCiphertextException', 400, '')
}

const hashes = { RSAES_OAEP_SHA_1: { name: 'sha1', bytes: 20 }, RSAES_OAEP_SHA_256: { name: 'sha256', bytes: 32 } } as const
export type RsaAlgorithm = keyof typeof hashes
export const rsaAlgorithms = Object.keys(hashes) as RsaAlgorithm[]

export function encryptRsa (key: Key, plaintext: Buffer, algorithm: RsaAlgorithm): Buffer {
  const { name, bytes } = hashes[algorithm]
  const most = modulusBits(key) / 8 - 2 * bytes - 2
  if (plaintext.length > most) throw new Refusal('ValidationException', 400, `Algorithm ${algorithm} and key spec ${key.spec} cannot encrypt data larger than ${most} bytes.`)
  return publicEncrypt({ key: pairOf(key).publicKey, oaepHash: name, padding: constants.RSA_PKCS1_OAEP_PADDING }, plaintext)
}

export function decryptRsa (key: Key, ciphertext: Buffer, algorithm: RsaAlgorithm): Buffer {
  try {
    const { privateKey } = pairOf(key)
    return privateDecrypt({ key: privateKey, oaepHash: hashes[algorithm].name, padding: constants.RSA_PKCS1_OAEP_PADDING }, ciphertext)
  } catch {
    throw invalidCiphertext()
  }
}

function modulusBits ({ spec }: Key): number {
  return Number(spec.slice('RSA_'.length))
}

function pairOf (key: Key): { publicKey: KeyObject, privateKey: KeyObject } {
  key.pair ??= generateKeyPairSync('rsa', { modulusLength: modulusBits(key) })
  return key.pair
}

function additionalData (label: Buffer, context: EncryptionContext): Buffer {
  return Buffer.concat([label, Buffer.from(JSON.stringify(Object.entries(context).sort(([a], [b]) => a < b ? -1 : 1)))])
}
