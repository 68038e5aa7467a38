// Parses what messages are stored in: an S3 bucket or a DynamoDB table.
import { parseParts, type ArnForm, type ParsedArn } from './arn.ts'
import { parseBucketArn } from './bucket-arn.ts'
import { parseTableArn } from './table-arn.ts'

export const storageForm: ArnForm = {
  what: 'an S3 bucket or a DynamoDB table',
  form: 'arn:PARTITION:s3:::BUCKET or arn:PARTITION:dynamodb:REGION:ACCOUNT:table/NAME',
  services: ['s3', 'dynamodb']
}

/** Parses the ARN of a general purpose bucket or of a table. Never throws. */
export function parseStorageArn (text: unknown): ParsedArn {
  const found = parseParts(text, storageForm)
  if (!found.ok) return found
  return found.parts.service === 's3' ? parseBucketArn(found.parts) : parseTableArn(found.parts)
}
