// An image as we hand it on.

export interface Image {
  /** localhost/topicten/NAME:TAG, which nobody tries to pull. */
  reference: string
  /** The path of an OCI archive. */
  archive: string
}
