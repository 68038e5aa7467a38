// What a ServiceTwo asks for, read from the object that Crossplane hands to the function.
export type Json = Record<string, unknown>

export interface ServiceTwo {
  name: string
  namespace: string
  image: string
  /** 2..5 */
  replicas: number
  /** Of AWS. */
  region: string
  public: boolean
}

const regions = new Map([
  ['Frankfurt', 'eu-central-1'], ['Ireland', 'eu-west-1'], ['Oregon', 'us-west-2'], ['Paris', 'eu-west-3'], ['Tokyo', 'ap-northeast-1'],
  ['Virginia', 'us-east-1']
])

const locations = [...regions.keys()]

/** A ServiceTwo that cannot be composed; the message names every field at fault, what was found and what would be right. */
export class InvalidServiceTwoError extends Error {
  override readonly name = 'InvalidServiceTwoError'
}

/**
 * Reads the observed composite resource. The API server has judged it by the definition's schema, but `crossplane composition render` and a
 * definition that was changed have not.
 *
 * Throws an InvalidServiceTwoError.
 */
export function parseServiceTwo (composite: Json): ServiceTwo {
  const metadata = objectAt(composite, 'metadata')
  const spec = objectAt(composite, 'spec')
  const { name, namespace } = metadata
  const { image, replicas, location, public: isPublic = false } = spec
  const region = regions.get(String(location))
  const faults = [
    ...fault(isText(name), 'metadata.name', name, 'a name'),
    ...fault(isText(namespace), 'metadata.namespace', namespace, 'a namespace: a ServiceTwo is in one'),
    ...fault(isText(image), 'spec.image', image, 'an image reference'),
    ...fault(Number.isInteger(replicas) && Number(replicas) >= 2 && Number(replicas) <= 5, 'spec.replicas', replicas, 'a whole number from 2 to 5'),
    ...fault(region !== undefined, 'spec.location', location, `one of ${locations.join(', ')}`),
    ...fault(typeof isPublic === 'boolean', 'spec.public', isPublic, 'true or false')
  ]
  if (faults.length > 0) throw new InvalidServiceTwoError(faults.join('; '))
  return {
    name: String(name),
    namespace: String(namespace),
    image: String(image),
    replicas: Number(replicas),
    region: String(region),
    public: isPublic === true
  }
}

/** The object at `key`; an empty one when there is none. */
export function objectAt (object: Json | undefined, key: string): Json {
  const value = object?.[key]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Json : {}
}

function isText (value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function fault (right: boolean, path: string, found: unknown, expected: string): string[] {
  return right ? [] : [`${path}: found ${found === undefined ? 'nothing' : JSON.stringify(found).slice(0, 100)}; expected ${expected}`]
}
