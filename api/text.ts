// Judges a field's text before its grammar is looked at, and makes foreign text safe to show.

/** Unfilled templates, and what people type to be asked later. */
const placeholder = /\$\{|\{\{|<[^>]*>|\$\(|^(x+|todo|tbd|changeme|change-me|placeholder|null|undefined|none|-)$/i

/**
 * What makes a text unfit to be an ARN, a region or an image at all; undefined when nothing does. Characters beyond ASCII are
 * among it: none of these grammars has any, and some look like letters that are allowed.
 */
export function judgeText (text: unknown, maxLength: number): string | undefined {
  if (text === undefined || text === null) return 'is missing'
  if (typeof text !== 'string') return `is ${typeName(text)} instead of text`
  if (text === '') return 'is empty'
  if (text.length > maxLength) return `is ${text.length} characters long; at most ${maxLength} are allowed`
  if (/^[!-~]*$/.test(text)) return placeholder.test(text) ? 'holds a placeholder that nobody filled in' : undefined
  return strangeCharacter(text)
}

function strangeCharacter (text: string): string {
  if (/^[^\r\n]*[\r\n]+$/.test(text)) return 'ends with a line break'
  if (/[\r\n]/.test(text)) return 'contains a line break'
  const control = /\p{Cc}/u.exec(text)?.[0]
  if (control !== undefined) return `contains the control character ${codePoint(control)}`
  if (/^\p{Zs}|\p{Zs}$/u.test(text)) return 'begins or ends with white space'
  if (/\p{Zs}/u.test(text)) return 'contains white space'
  const foreign = /[^!-~]/u.exec(text)?.[0] ?? ''
  return `contains ${codePoint(foreign)}, a character that is not ASCII`
}

function codePoint (character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** "a number", "a list", …: what a value is, for a message. */
export function typeName (value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'string' ? 'text' : `a ${typeof value}`
}

const maxShown = 100

/**
 * A text as it may be put between quotes into a message, at most 100 characters: control characters, quotes, and whatever is
 * not printable ASCII (terminal escapes, bidirectional marks, lone surrogates) escaped, the rest cut off.
 */
export function escapeText (text: string): string {
  if (text.length <= maxShown && /^[ !#-[\]-~]*$/.test(text)) return text
  let shown = ''
  for (const character of text.slice(0, maxShown)) {
    const next = escapeCharacter(character)
    if (shown.length + next.length > maxShown) return cut(shown)
    shown += next
  }
  return text.length > maxShown ? cut(shown) : shown
}

function escapeCharacter (character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`
  if (character === '\n') return '\\n'
  if (character === '\r') return '\\r'
  if (character === '\t') return '\\t'
  if (/^[ -~]$/.test(character)) return character
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

function cut (shown: string): string {
  return `${shown.slice(0, maxShown - 3)}...`
}
