// What this folder needs of a logger; pino's fits as it is.
export type Log = (fields: Record<string, unknown>, message: string) => void

export interface Logger { debug: Log, info: Log, warn: Log, error: Log }
