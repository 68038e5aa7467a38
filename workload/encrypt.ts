// Encrypts a message with the key, whatever kind of key it is.
import { EncryptCommand, type EncryptionAlgorithmSpec, type KMSClient } from '@aws-sdk/client-kms'
import type { Call } from './call.ts'
import { BrokenReply, nameOf } from './faults.ts'

/** A message's ciphertext and what is needed to open it. */
export interface Sealed {
  keyArn: string
  context: boolean
  ciphertext: string
  algorithm?: string
}

export type Encrypt = (message: string, signal: AbortSignal) => Promise<Sealed>

export interface EncryptOptions {
  kms: KMSClient
  keyArn: string
  /** What ciphertexts of a symmetric key are bound to; undefined: nothing. */
  context: Record<string, string> | undefined
  call: Call
}

// Which algorithms a key has is not asked for, as that takes a permission more: KMS refuses the wrong one.
// https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
const algorithms: readonly EncryptionAlgorithmSpec[] = ['SYMMETRIC_DEFAULT', 'RSAES_OAEP_SHA_256', 'SM2PKE']

const wrongAlgorithm: ReadonlySet<string> = new Set(['InvalidKeyUsageException', 'ValidationException'])

/**
 * Encrypts texts of 1 to `maxMessageBytes` bytes of UTF-8. With an asymmetric key, which takes no context, the algorithm is
 * found at the first message.
 */
export function createEncrypt ({ kms, keyArn, context, call }: EncryptOptions): Encrypt {
  let usable = algorithms
  const encryptWith = async (algorithm: EncryptionAlgorithmSpec, message: string, signal: AbortSignal): Promise<Sealed> => {
    const symmetric = algorithm === 'SYMMETRIC_DEFAULT'
    const bound = symmetric && context !== undefined
    const command = new EncryptCommand({
      KeyId: keyArn,
      Plaintext: Buffer.from(message, 'utf8'),
      ...bound && { EncryptionContext: context },
      ...!symmetric && { EncryptionAlgorithm: algorithm }
    })
    const { CiphertextBlob: blob, KeyId: answered } = await call(signal, abortSignal => kms.send(command, { abortSignal }))
    if (blob === undefined || answered === undefined) throw new BrokenReply('KMS answered without a ciphertext or a key')
    return { keyArn: answered, context: bound, ciphertext: Buffer.from(blob).toString('base64'), ...!symmetric && { algorithm } }
  }
  return async (message, signal) => {
    const refusals: unknown[] = []
    for (const algorithm of usable) {
      try {
        const sealed = await encryptWith(algorithm, message, signal)
        usable = [algorithm]
        return sealed
      } catch (error) {
        if (!wrongAlgorithm.has(nameOf(error))) throw error
        refusals.push(error)
      }
    }
    throw refusals[0]
  }
}
