// The fake KMS: Encrypt, Decrypt and DescribeKey with the limits of https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
import { randomBytes } from 'node:crypto'
import { parseKeyArn } from '../../api/key-arn.ts'
import { Refusal } from './answer.ts'
import { type Call, type JsonService, operation } from './json-service.ts'
import {
  type EncryptionContext, type Key, type KeySpec, type KeyState, type RsaAlgorithm, decryptRsa, decryptSymmetric,
  encryptRsa, encryptSymmetric, invalidCiphertext, keyLabel, labelIn, rsaAlgorithms
} from './kms-key.ts'
import { soundArn } from './sound-arn.ts'

export interface KeyOptions {
  /** The ARN of a key, not of an alias. */
  arn: string
  /** Default SYMMETRIC_DEFAULT. */
  spec?: KeySpec
  state?: KeyState
  /** An alias in the key's region, with `alias/` before it. */
  alias?: string
}

export interface KeyStore {
  createKey (options: KeyOptions): void
  setKeyState (arn: string, state: KeyState): void
  /** The plaintext of a symmetric ciphertext, whatever key made it. Throws Refusal when the context is not the one of Encrypt. */
  decrypt (ciphertext: Buffer, context?: EncryptionContext): Buffer
  service: JsonService
}

interface EncryptInput { KeyId: string, Plaintext: string, EncryptionContext?: EncryptionContext, EncryptionAlgorithm?: Algorithm }
interface DecryptInput { CiphertextBlob: string, KeyId?: string, EncryptionContext?: EncryptionContext, EncryptionAlgorithm?: Algorithm }
type Algorithm = 'SYMMETRIC_DEFAULT' | RsaAlgorithm

const keyId = { type: 'string', minLength: 1, maxLength: 2048 }
const context = { type: 'object', additionalProperties: { type: 'string' } }
const algorithm = { enum: ['SYMMETRIC_DEFAULT', ...rsaAlgorithms] }

export function openKms (): KeyStore {
  const keys = new Map<string, Key>()
  const aliases = new Map<string, Key>()
  const find = (id: string, call: Call) => findKey(id, call, keys, aliases)
  return {
    createKey ({ arn: text, spec = 'SYMMETRIC_DEFAULT', state = 'Enabled', alias }) {
      const arn = soundArn(parseKeyArn(text), text)
      if (arn.kind !== 'key') throw new TypeError(`${text} is an alias; a key is wanted`)
      const replica = arn.name.startsWith('mrk-') ? [...keys.values()].find(key => key.arn.name === arn.name) : undefined
      const key = { arn, spec, state, material: replica?.material ?? randomBytes(32) }
      keys.set(text, key)
      if (alias !== undefined) aliases.set(text.replace(/key\/[^/]+$/, () => alias), key)
    },
    setKeyState (arn, state) {
      const key = keys.get(arn)
      if (key === undefined) throw new TypeError(`there is no key ${arn}`)
      key.state = state
    },
    decrypt (ciphertext, context = {}) {
      const key = [...keys.values()].find(key => keyLabel(key) === labelIn(ciphertext))
      if (key === undefined) throw invalidCiphertext()
      return decryptSymmetric(key, ciphertext, context)
    },
    service: {
      name: 'kms',
      target: 'TrentService',
      version: '1.1',
      invalid: 'ValidationException',
      operations: {
        Encrypt: operation<EncryptInput>({ KeyId: keyId, Plaintext: { type: 'string' }, EncryptionContext: context, EncryptionAlgorithm: algorithm }, ['KeyId', 'Plaintext'],
          (input, call) => encrypt(usable(find(input.KeyId, call)), input)),
        Decrypt: operation<DecryptInput>({ CiphertextBlob: { type: 'string' }, KeyId: keyId, EncryptionContext: context, EncryptionAlgorithm: algorithm }, ['CiphertextBlob'],
          (input, call) => decrypt(input, input.KeyId === undefined ? undefined : find(input.KeyId, call), call, keys)),
        DescribeKey: operation<{ KeyId: string }>({ KeyId: keyId }, ['KeyId'], ({ KeyId }, call) => ({ KeyMetadata: describeKey(find(KeyId, call)) }))
      }
    }
  }
}

function encrypt (key: Key, { Plaintext, EncryptionContext, EncryptionAlgorithm: algorithm = 'SYMMETRIC_DEFAULT' }: EncryptInput): object {
  const plaintext = Buffer.from(Plaintext, 'base64')
  if (plaintext.length < 1 || plaintext.length > 4096) {
    throw new Refusal('ValidationException', 400, `1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length between 1 and 4096, not ${plaintext.length}`)
  }
  judgeAlgorithm(key, algorithm, EncryptionContext)
  const ciphertext = algorithm === 'SYMMETRIC_DEFAULT' ? encryptSymmetric(key, plaintext, EncryptionContext ?? {}) : encryptRsa(key, plaintext, algorithm)
  return { CiphertextBlob: ciphertext.toString('base64'), KeyId: key.arn.text, EncryptionAlgorithm: algorithm }
}

function decrypt ({ CiphertextBlob, EncryptionContext, EncryptionAlgorithm: algorithm = 'SYMMETRIC_DEFAULT' }: DecryptInput, named: Key | undefined, { region }: Call, keys: Map<string, Key>): object {
  const ciphertext = Buffer.from(CiphertextBlob, 'base64')
  if (ciphertext.length < 1 || ciphertext.length > 6144) throw new Refusal('ValidationException', 400, `1 validation error detected: Value at 'ciphertextBlob' failed to satisfy constraint: Member must have length between 1 and 6144, not ${ciphertext.length}`)
  if (algorithm !== 'SYMMETRIC_DEFAULT') {
    if (named === undefined) throw new Refusal('ValidationException', 400, 'KeyId is required to decrypt with an asymmetric key.')
    judgeAlgorithm(usable(named), algorithm, EncryptionContext)
    return plaintextAnswer(named, decryptRsa(named, ciphertext, algorithm), algorithm)
  }
  const label = labelIn(ciphertext)
  const maker = [...keys.values()].find(key => keyLabel(key) === label && key.arn.region === region)
  if (maker === undefined) throw invalidCiphertext()
  if (named !== undefined && named !== maker) throw new Refusal('IncorrectKeyException', 400, 'The key ID in the request does not identify a CMK that can perform this operation.')
  return plaintextAnswer(maker, decryptSymmetric(usable(maker), ciphertext, EncryptionContext ?? {}), algorithm)
}

function plaintextAnswer (key: Key, plaintext: Buffer, algorithm: Algorithm): object {
  return { Plaintext: plaintext.toString('base64'), KeyId: key.arn.text, EncryptionAlgorithm: algorithm }
}

function judgeAlgorithm ({ arn, spec }: Key, algorithm: Algorithm, context: EncryptionContext | undefined): void {
  const fits = spec === 'SYMMETRIC_DEFAULT' ? algorithm === spec : spec.startsWith('RSA_') && algorithm !== 'SYMMETRIC_DEFAULT'
  if (!fits) throw new Refusal('InvalidKeyUsageException', 400, `${arn.text} key usage or spec ${spec} is not valid for ${algorithm}.`)
  if (spec !== 'SYMMETRIC_DEFAULT' && context !== undefined) throw new Refusal('ValidationException', 400, 'EncryptionContext is only supported with a symmetric key.')
}

function usable (key: Key): Key {
  if (key.state === 'Disabled') throw new Refusal('DisabledException', 400, `${key.arn.text} is disabled.`)
  if (key.state === 'PendingDeletion') throw new Refusal('KMSInvalidStateException', 400, `${key.arn.text} is pending deletion.`)
  return key
}

/** A key by id, key ARN, alias name or alias ARN; the latter three in the region of the call only, as in AWS. */
function findKey (id: string, { region }: Call, keys: Map<string, Key>, aliases: Map<string, Key>): Key {
  if (/(^|:)alias\/aws\//.test(id)) throw new Refusal('AccessDeniedException', 400, `Only AWS's own services may use ${id}.`)
  const key = id.startsWith('arn:') ? findByArn(id, region, keys, aliases) : findByName(id, region, keys, aliases)
  if (key === undefined) throw new Refusal('NotFoundException', 400, `${id.includes('alias/') ? 'Alias' : 'Key'} '${id}' does not exist`)
  return key
}

function findByArn (id: string, region: string, keys: Map<string, Key>, aliases: Map<string, Key>): Key | undefined {
  const found = parseKeyArn(id)
  if (!found.ok) throw new Refusal('NotFoundException', 400, `Invalid arn ${id}`)
  if (found.arn.region !== region) throw new Refusal('NotFoundException', 400, `Invalid arn ${found.arn.region}`)
  return keys.get(id) ?? aliases.get(id)
}

function findByName (id: string, region: string, keys: Map<string, Key>, aliases: Map<string, Key>): Key | undefined {
  if (!id.startsWith('alias/')) return [...keys.values()].find(({ arn }) => arn.region === region && arn.name === id)
  return [...aliases].find(([arn, key]) => key.arn.region === region && arn.endsWith(`:${id}`))?.[1]
}

function describeKey ({ arn, spec, state }: Key): object {
  const rsa = spec.startsWith('RSA_')
  const symmetric = spec === 'SYMMETRIC_DEFAULT'
  return {
    AWSAccountId: arn.account,
    KeyId: arn.name,
    Arn: arn.text,
    Enabled: state === 'Enabled',
    KeyState: state,
    KeySpec: spec,
    CustomerMasterKeySpec: spec,
    KeyUsage: symmetric || rsa ? 'ENCRYPT_DECRYPT' : spec === 'HMAC_256' ? 'GENERATE_VERIFY_MAC' : 'SIGN_VERIFY',
    ...(symmetric || rsa) && { EncryptionAlgorithms: symmetric ? [spec] : rsaAlgorithms },
    KeyManager: 'CUSTOMER',
    Origin: 'AWS_KMS',
    Description: '',
    MultiRegion: arn.name.startsWith('mrk-')
  }
}
