// Foreign text as it may be shown on a terminal: nothing in it moves the cursor, hides or turns round what is beside it.

// Controls, invisible formatting (bidirectional marks among it), lone surrogates, private use, unassigned, and line breaks.
const harmful = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu

/** The text with each harmful character as `\u{…}`. */
export function harmless (text: string): string {
  return text.replace(harmful, character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

/** JSON text, of the same meaning, with each harmful character but its line breaks as `\uXXXX`. */
export function harmlessJson (json: string): string {
  return json.replace(harmful, character => character === '\n' ? '\n' : escapeUnits(character))
}

function escapeUnits (character: string): string {
  return Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')
}
