// Writes the small XML documents that S3 and STS answer with.

/** A child: text (escaped), a number, a flag, further elements in order, or nothing at all. */
export type XmlContent = string | number | boolean | undefined | readonly XmlElement[]
export type XmlElement = readonly [name: string, content: XmlContent]

/** A whole document with one root element. */
export function formatXml (name: string, content: XmlContent, namespace?: string): string {
  const attribute = namespace === undefined ? '' : ` xmlns="${escapeXml(namespace)}"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${attribute}>${inner(content)}</${name}>`
}

function inner (content: XmlContent): string {
  if (!Array.isArray(content)) return escapeXml(String(content ?? ''))
  return (content as readonly XmlElement[]).map(([name, child]) => child === undefined ? '' : `<${name}>${inner(child)}</${name}>`).join('')
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }

/** Line ends and tabs as references too: a reader of XML would turn them into others. */
function escapeXml (text: string): string {
  return text.replace(/[&<>"']|[\t\n\r]/g, sign => entities[sign] ?? `&#${sign.charCodeAt(0)};`)
}
