// The error for storage that no waiting makes fit for messages.

/** At the start the process exits with 78 (EX_CONFIG of sysexits.h). */
export class UnfitStorage extends Error {
  override readonly name = 'UnfitStorage'
  readonly exitCode = 78
}

export function noBucket (bucket: string): UnfitStorage {
  return new UnfitStorage(`STORAGE_ARN: found the bucket "${bucket}", which does not exist; expected the ARN of a bucket that does`)
}
