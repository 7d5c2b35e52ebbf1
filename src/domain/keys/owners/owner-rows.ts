import {jsonLine, printable, withoutFormula} from '../../../printable.js'
import type {KeyLocator, Location} from './key-directory.js'

export type LineFormat = 'csv' | 'ndjson' | 'tsv'

const COLUMNS = ['key', 'partition', 'slot', 'consumer', 'address', 'drainingConsumer', 'earlierInSlot', 'receiver']
const NEWLINE = 0x0a
const RETURN = 0x0d

/**
 * Reads keys, one per UTF-8 line, and yields one line with the owner of each; an empty line is the empty key. Memory use does
 * not grow with the number of keys. `earlierInSlot` counts the previous lines in the same slot of the same partition; it is
 * empty when the type has no slots, or too many for counters.
 *
 * Lines are assembled from bytes decoded as Latin-1, which preserves every byte, because decoding UTF-8 would take longer
 * than everything else.
 */
export async function* ownerRows(
  input: AsyncIterable<Uint8Array>,
  locator: KeyLocator,
  format: LineFormat,
): AsyncGenerator<Buffer> {
  const writer = new RowWriter(locator, format)
  if (format !== 'ndjson') yield Buffer.from(`${COLUMNS.join(format === 'csv' ? ',' : '\t')}\n`)
  let rest: Buffer = Buffer.alloc(0)
  for await (const piece of input) {
    const chunk =
      rest.length > 0 ? Buffer.concat([rest, piece]) : Buffer.from(piece.buffer, piece.byteOffset, piece.length)
    const end = chunk.lastIndexOf(NEWLINE) + 1
    rest = Buffer.from(chunk.subarray(end))
    if (end > 0) yield writer.lines(chunk, end)
  }
  if (rest.length > 0) yield writer.lines(Buffer.concat([rest, Buffer.of(NEWLINE)]), rest.length + 1)
}

class RowWriter {
  private readonly locator: KeyLocator
  private readonly format: LineFormat
  /** partition → number of lines by slot */
  private readonly counts = new Map<number | null, Uint32Array>()
  private readonly consumerTexts = new Map<Location['consumer'], string>()

  constructor(locator: KeyLocator, format: LineFormat) {
    this.locator = locator
    this.format = format
  }

  /** @param end the index after the last newline */
  lines(chunk: Buffer, end: number): Buffer {
    let text = ''
    for (let start = 0; start < end;) {
      const next = chunk.indexOf(NEWLINE, start)
      const keyEnd = next > start && chunk[next - 1] === RETURN ? next - 1 : next
      text += this.line(chunk, start, keyEnd)
      start = next + 1
    }
    return Buffer.from(text, 'latin1')
  }

  private line(chunk: Buffer, start: number, end: number): string {
    const location = this.locator.locate(chunk, start, end)
    const earlier = this.count(location)
    if (this.format === 'ndjson') return rowLine(chunk.toString('utf8', start, end), location, earlier)
    const between = this.format === 'csv' ? ',' : '\t'
    const partition = location.partition === null ? '' : String(location.partition)
    return (
      this.field(chunk.toString('latin1', start, end)) + between + partition + between + slotText(location) + between +
      this.consumerText(location.consumer, between) + between + this.name(location) + between + earlier + between +
      location.receiver + '\n'
    ) // prettier-ignore
  }

  private consumerText(consumer: Location['consumer'], between: string): string {
    const known = this.consumerTexts.get(consumer)
    if (known !== undefined) return known
    const text = this.field(bytesOf(consumer?.name ?? '')) + between + this.field(bytesOf(consumer?.address ?? ''))
    this.consumerTexts.set(consumer, text)
    return text
  }

  private name({drainingConsumer}: Location): string {
    return drainingConsumer ? this.field(bytesOf(drainingConsumer.name)) : ''
  }

  private field(text: string): string {
    if (PLAIN.test(text)) return text
    const decoded = Buffer.from(text, 'latin1').toString('utf8')
    // A tab is written as \t. Doubling backslashes distinguishes it from a key with a backslash and a t.
    const unambiguous = this.format === 'tsv' ? decoded.replaceAll('\\', '\\\\') : decoded
    const safe = bytesOf(withoutFormula(printable(unambiguous)))
    return this.format === 'csv' && /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  }

  private count({partition, slot}: Location): string {
    if (slot === null || !this.locator.hasFewSlots) return ''
    let counts = this.counts.get(partition)
    if (!counts) this.counts.set(partition, (counts = new Uint32Array(65_536)))
    const earlier = counts[slot] ?? 0
    counts[slot] = earlier + 1
    return String(earlier)
  }
}

function slotText({slot}: Location): string {
  return slot === null ? '' : String(slot)
}

/** A text without characters to escape or quote, as most keys are. */
const PLAIN = /^(?![=+@-])[^"\\,\u0000-\u001f\u007f-\uffff]*$/

/** The UTF-8 bytes, each as one Latin-1 character. */
function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

function rowLine(
  key: string,
  {consumer, drainingConsumer, partition, receiver, slot}: Location,
  earlier: string,
): string {
  const row = {
    key,
    partition,
    slot,
    receiver,
    consumer: consumer && {name: consumer.name, address: consumer.address},
    draining: drainingConsumer !== null,
    drainingConsumer: drainingConsumer && {name: drainingConsumer.name, address: drainingConsumer.address},
    earlierInSlot: earlier === '' ? null : Number(earlier),
  }
  return bytesOf(jsonLine(row))
}
