// Judges an image reference by the grammar that container runtimes parse: [HOST[:PORT]/]PATH[:TAG][@DIGEST].
// https://github.com/distribution/reference/blob/main/reference.go
import { judgeText } from './text.ts'
import type { Fault } from './fault.ts'

const example = 'a reference such as registry.example.com/team/app:1.4.2'

const label = /^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/
const pathPart = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/
const tagForm = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const digestLengths = new Map([['sha256', 64], ['sha384', 96], ['sha512', 128]])

/** The longest repository (host and path) that runtimes take. */
const maxName = 255
const maxReference = 1024

/** What is wrong with an image reference; undefined when nothing is. Never throws. */
export function judgeImage (image: unknown): Fault | undefined {
  const unfit = judgeText(image, maxReference)
  if (unfit !== undefined || typeof image !== 'string') return { fault: unfit ?? 'is not text', expected: example }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(image)) {
    return { fault: `begins with the scheme ${image.slice(0, image.indexOf('//') + 2)}`, expected: `the reference without it, ${example}` }
  }
  const at = image.indexOf('@')
  const digest = at < 0 ? undefined : image.slice(at + 1)
  const { name, tag } = splitTag(at < 0 ? image : image.slice(0, at))
  return judgeName(name) ?? judgeTag(tag) ?? judgeDigest(digest)
}

/** A colon before the last slash belongs to a port, one behind it to the tag. */
function splitTag (text: string): { name: string, tag: string | undefined } {
  const colon = text.indexOf(':', text.lastIndexOf('/') + 1)
  return colon < 0 ? { name: text, tag: undefined } : { name: text.slice(0, colon), tag: text.slice(colon + 1) }
}

function judgeName (name: string): Fault | undefined {
  const expected = example
  if (name === '') return { fault: 'has no repository', expected }
  if (name.length > maxName) return { fault: `has a repository of ${name.length} characters; at most ${maxName} are allowed`, expected }
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const path = isHost(first) ? name.slice(slash + 1) : name
  const fault = isHost(first) ? judgeHost(first) : undefined
  if (fault !== undefined) return { fault, expected }
  if (/^[0-9a-f]{64}$/.test(name)) return { fault: 'is an image id instead of a reference', expected }
  return judgePath(path)
}

/** As runtimes decide whether the part before the first slash is a registry or a folder on the default registry. */
function isHost (first: string): boolean {
  return first !== '' && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first)
}

function judgeHost (text: string): string | undefined {
  const ipv6 = /^\[[0-9a-fA-F:]+\](:[0-9]+)?$/
  if (ipv6.test(text)) return undefined
  const [host = '', port, ...rest] = text.split(':')
  if (rest.length > 0 || (port !== undefined && !/^[0-9]+$/.test(port))) return `has "${text.slice(host.length + 1)}" where the registry's port belongs`
  if (!host.split('.').every(part => label.test(part))) return `has the registry "${host}", which is no host name`
  return undefined
}

function judgePath (path: string): Fault | undefined {
  const wrong = path.split('/').find(part => !pathPart.test(part))
  if (wrong === undefined) return undefined
  if (wrong === '') return { fault: 'has an empty part in its repository (a slash too many)', expected: example }
  if (pathPart.test(wrong.toLowerCase())) return { fault: `has upper-case letters in the repository "${path}"`, expected: `the repository in lower case, ${path.toLowerCase()}` }
  return { fault: `has "${wrong}" in its repository`, expected: 'lower-case letters and digits, separated by one dot, one or two underscores, or hyphens' }
}

function judgeTag (tag: string | undefined): Fault | undefined {
  if (tag === undefined || tagForm.test(tag)) return undefined
  const expected = 'a tag of at most 128 letters, digits, underscores, dots and hyphens, the first no dot or hyphen'
  if (tag === '') return { fault: 'has an empty tag after the colon', expected: `${example}, or no colon` }
  if (tag.length > 128) return { fault: `has a tag of ${tag.length} characters`, expected }
  return { fault: `has the tag "${tag}"`, expected }
}

function judgeDigest (digest: string | undefined): Fault | undefined {
  if (digest === undefined) return undefined
  const expected = 'a digest, @sha256: and 64 lower-case hexadecimal digits'
  if (digest === '') return { fault: 'has nothing after the @', expected }
  const [algorithm = '', hex] = digest.split(':', 2)
  if (hex === undefined) return { fault: `has the digest "${digest}" without its algorithm`, expected }
  const length = digestLengths.get(algorithm)
  if (length === undefined) return { fault: `has a digest of the unknown algorithm "${algorithm}"`, expected }
  if (/[A-F]/.test(hex)) return { fault: 'has upper-case letters in its digest', expected }
  if (hex.length !== length) return { fault: `has a ${algorithm} digest of ${hex.length} digits instead of ${length}`, expected }
  if (!/^[0-9a-f]+$/.test(hex) || digest.split(':').length > 2) return { fault: 'has a digest that is not hexadecimal', expected }
  return undefined
}
