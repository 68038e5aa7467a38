// The page that shows the newest messages of a bucket: a whole HTML document with one message a line, which is its own data.
import type { MessageRecord } from './record.ts'

/** A message as the page has it. */
export type PageEntry = Omit<MessageRecord, 'stream'>

/** The object the page is. */
export const pageKey = 'index.html'

export const pageContentType = 'text/html; charset=utf-8'

// Pages that exist hold this text: another one would make them foreign.
const head = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="topicten">
<meta name="viewport" content="width=device-width">
<title>Messages</title>
</head>
<body>
<h1>Messages</h1>
`

const tail = `</body>
</html>
`

/** Writes the page, entries in the order given; `parsePage` gives them back, whatever their texts are. */
export function formatPage (entries: readonly PageEntry[]): string {
  return head + entries.map(formatEntry).join('') + tail
}

/** Reads a page; undefined when the text is not exactly what `formatPage` writes: edits by hand would be lost. Never throws. */
export function parsePage (text: string): PageEntry[] | undefined {
  if (!text.startsWith(head) || !text.endsWith(tail)) return undefined
  const lines = text.slice(head.length, -tail.length).split('\n').slice(0, -1)
  const entries = lines.map(parseEntry).filter(entry => entry !== undefined)
  return formatPage(entries) === text ? entries : undefined
}

/**
 * A page with one entry more: newest first, and of all only the newest `cap`. An entry that is there already is not doubled, and
 * one that is older than a full page stays out.
 */
export function addEntry (entries: readonly PageEntry[], { id, time, namespace, pod, message }: PageEntry, cap: number): PageEntry[] {
  if (entries.some(known => known.id === id)) return [...entries]
  const newer = entries.filter(known => sortKey(known) > sortKey({ id, time }))
  const older = entries.filter(known => sortKey(known) <= sortKey({ id, time }))
  return [...newer, { id, time, namespace, pod, message }, ...older].slice(0, cap)
}

function sortKey ({ time, id }: Pick<PageEntry, 'time' | 'id'>): string {
  return `${time} ${id}`
}

function formatEntry ({ id, time, namespace, pod, message }: PageEntry): string {
  const at = escapeHtml(time)
  const by = `${escapeHtml(namespace)}/${escapeHtml(pod)}`
  return `<p id="${escapeHtml(id)}" data-pod="${by}"><time datetime="${at}">${at}</time> ${escapeHtml(message)}</p>\n`
}

const entry = /^<p id="([^"<>]*)" data-pod="([^"<>/]*)\/([^"<>/]*)"><time datetime="([^"<>]*)">[^"<>]*<\/time> ([^"<>]*)<\/p>$/

function parseEntry (line: string): PageEntry | undefined {
  const found = entry.exec(line)?.slice(1).map(unescapeHtml)
  if (found === undefined) return undefined
  const [id = '', namespace = '', pod = '', time = '', message = ''] = found
  return { id, time, namespace, pod, message }
}

// Besides what HTML demands: the slash, which parts namespace and pod; line breaks and other controls, so that a message is one
// line; halves of surrogate pairs, which UTF-8 cannot carry.
const special = /[&<>"'/]|[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

function escapeHtml (text: string): string {
  return text.replaceAll(special, character => `&#${character.codePointAt(0)};`)
}

function unescapeHtml (text: string): string {
  return text.replaceAll(/&#(\d{1,7});/g, (reference, digits: string) => {
    const code = Number(digits)
    return code <= 0x10ffff ? String.fromCodePoint(code) : reference
  })
}
