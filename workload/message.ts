// Makes the messages: readable sentences, drawn from the operating system's random source.
import { randomInt } from 'node:crypto'

const words = (text: string): readonly string[] => text.trim().split(/\s+/)
const phrases = (text: string): readonly string[] => text.trim().split(/\s*,\s*/)

const adjectives = words(`
  amber ancient bashful brave bright calm careful cheerful clever copper curious daring distant eager earnest faithful famous gentle
  golden graceful grateful hidden honest humble jolly kind lively lucky mellow modest patient placid proud quiet rapid restless rustic
  silent silver sleepy slender solemn sturdy subtle sunny tidy velvet wandering weary witty`)

const nouns = words(`
  acrobat archer astronomer badger baker beaver captain carpenter cellist cobbler composer dancer doctor dolphin dragonfly falcon farmer
  ferryman fisherman florist fox gardener glassblower goldsmith hedgehog heron juggler lantern librarian lighthouse locksmith magpie
  mechanic miller musician otter painter pelican pilot poet potter raven sailor sculptor shepherd sparrow tailor teacher violinist
  watchmaker`)

const adverbs = words(`
  always boldly briefly calmly carefully fondly freely gently gladly happily humbly kindly often openly politely promptly quickly quietly
  rarely secretly slowly softly sometimes surely warmly`)

const verbs = words(`
  admires advises answers applauds assists awaits befriends believes calls cheers consoles counts describes draws encourages envies
  finds follows forgives greets guards guides hears helps imitates invites joins leads likes meets misses notices paints pardons
  praises questions recalls remembers rescues respects salutes seeks sketches surprises teaches thanks trusts visits warns watches`)

const places = phrases(`
  across the river, along the coast, at the crossroads, at the market, behind the theatre, below the bridge, beside the canal, by the
  fountain, in the attic, in the courtyard, in the library, in the meadow, in the orchard, in the valley, in the village, near the harbour,
  near the mill, on the balcony, on the hill, on the island, on the pier, outside the station, under the arches, under the oak, within the
  walls`)

const times = phrases(`
  after lunch, after the rain, at dawn, at dusk, at midnight, at noon, before breakfast, before sunrise, during the concert, during the
  storm, every autumn, every evening, every Friday, every morning, every spring, in early summer, in late winter, in the moonlight, on
  holidays, on market days`)

const form = [['The'], adjectives, nouns, adverbs, verbs, ['the'], adjectives, nouns, places, times] as const

/** How many sentences there are: 3.9 million million. */
export const sentenceCount = form.reduce((count, choices) => count * choices.length, 1)

/** What RSAES-OAEP with SHA-256 and a 2048-bit key can encrypt, the least of all that KMS keys can. */
export const maxMessageBytes = 190

/**
 * One of `sentenceCount` sentences of ASCII, each as likely as any other, of at most `maxMessageBytes`.
 * @param below gives a whole number from 0 to below its argument
 */
export function randomMessage (below: (limit: number) => number = limit => randomInt(limit)): string {
  return `${form.map(choices => choices[below(choices.length)]).join(' ').replaceAll(/\s+/g, ' ')}.`
}
