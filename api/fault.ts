// What a rule finds wrong: the words that the webhook, the status and the Event share.

/** What is wrong with a text (a clause that follows "found X, which …"), and what would be right. */
export interface Fault {
  fault: string
  expected: string
}

export interface Violation extends Fault {
  /** `spec.targetarn`, `spec.env[2].name`. */
  field: string
  /** The value as it is in the object, unescaped; a word for its type when it is no text. */
  found: string
}
