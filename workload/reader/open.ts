// Decrypts ciphertexts from the log with KMS, each once.
import { DecryptCommand, type EncryptionAlgorithmSpec, type KMSClient } from '@aws-sdk/client-kms'
import { encryptionContext } from '../record.ts'
import { ask, errorName } from './ask.ts'
import type { Opened } from './compare.ts'
import type { LogEvent } from './logged.ts'

export interface Key {
  kms: KMSClient
  /** Of a key or an alias. */
  keyArn: string
}

/** KMS refuses longer ones: https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html */
const maxCiphertext = 6144

/**
 * Gives a function that decrypts an event's ciphertext, in the encryption context of the pod whose stream it is in. Only the
 * given key is used: a line cannot have itself decrypted by a key of its own choice. What cannot be decrypted for reasons of
 * its own is told as such.
 * @throws {AskError} from that function, when KMS refuses for reasons that no ciphertext is the cause of
 */
export function createOpener ({ kms, keyArn }: Key, namespace: string): (event: LogEvent) => Promise<Opened> {
  const opened = new Map<string, Promise<Opened>>()
  return async event => {
    const name = JSON.stringify([event.pod, event.id, event.context, event.algorithm, event.ciphertext])
    const known = opened.get(name) ?? open(event)
    opened.set(name, known)
    return await known
  }

  async function open ({ pod, ciphertext, context, algorithm, keyArn: lineKey }: LogEvent): Promise<Opened> {
    const bytes = Buffer.from(ciphertext, 'base64')
    if (bytes.toString('base64') !== ciphertext) return { ok: false, reason: 'the line\'s ciphertext is no base64' }
    if (bytes.length === 0 || bytes.length > maxCiphertext) return { ok: false, reason: `the ciphertext has ${bytes.length} bytes; KMS makes 1 to ${maxCiphertext}` }
    return await ask({ operation: 'KMS Decrypt', arn: keyArn, right: 'kms:Decrypt' }, async (): Promise<Opened> => {
      try {
        const { Plaintext = new Uint8Array() } = await kms.send(new DecryptCommand({
          KeyId: keyArn,
          CiphertextBlob: bytes,
          ...context && { EncryptionContext: encryptionContext(namespace, pod) },
          ...algorithm !== undefined && { EncryptionAlgorithm: algorithm as EncryptionAlgorithmSpec }
        }))
        return textOf(Plaintext)
      } catch (error) {
        const reason = reasonOf(errorName(error), context, lineKey)
        if (reason === undefined) throw error
        return { ok: false, reason }
      }
    })
  }
}

/** Not every key's plaintexts are text; replacement characters must not make two different ones equal. */
function textOf (plaintext: Uint8Array): Opened {
  try {
    return { ok: true, message: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plaintext) }
  } catch {
    return { ok: false, reason: 'what it decrypts to is no UTF-8 text' }
  }
}

/** Undefined for errors that are not the ciphertext's. */
function reasonOf (error: string, context: boolean, lineKey: string): string | undefined {
  if (error === 'IncorrectKeyException') return `encrypted with another key, ${lineKey}`
  if (error === 'ValidationException') return 'KMS takes the line\'s ciphertext or algorithm for malformed'
  if (error !== 'InvalidCiphertextException') return undefined
  return context
    ? 'KMS refuses the ciphertext: changed, or made for another pod than this stream\'s'
    : 'KMS refuses the ciphertext: changed, or bound to an encryption context that its line does not admit'
}
