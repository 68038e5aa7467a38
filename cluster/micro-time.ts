// MicroTime of the Kubernetes API: exactly six digits of a second, where toISOString gives three.

/** RFC 3339 with microseconds, in UTC; the API server answers 400 to any other number of digits. */
export const microTime = (date: Date): string => date.toISOString().replace('Z', '000Z')
