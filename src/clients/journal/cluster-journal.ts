import {setTimeout as delay} from 'node:timers/promises'

import pLimit from 'p-limit'

import {Conflict, Unreachable} from '../../errors.js'
import {parseTopicName, type TopicName} from '../../topic-name.js'
import type {PulsarAdmin} from '../pulsar-admin/admin.js'
import {AdminRefused, orWhenNotAllowed, orOnStatus} from '../pulsar-admin/admin-refused.js'
import type {Claim, Heartbeat, JournalLine, JournalStore, Subject} from './journal-store.js'
import {sha256} from '../../digest.js'
import {suggestedCommand} from '../../suggested-command.js'

/** Prefix of keyshift's own topics. */
export const OWN_TOPICS = '__keyshift-'
/** The name of a migration's journal topic is this prefix and the migration's id. */
export const JOURNAL_TOPICS = `${OWN_TOPICS}journal-`
const CLAIMS = `${OWN_TOPICS}claim-`
/**
 * Retains the messages of a journal: it never acknowledges, so the broker trims nothing and does not delete the topic as
 * inactive.
 */
const RETENTION_SUBSCRIPTION = 'keyshift'

/** Lines of a journal that are read at the same time. */
const READ_AHEAD = 8
const CONCURRENT_NAMESPACES = 8
const APPEND_RETRY_MS = 30_000

/**
 * The journal in the cluster itself, in the namespace of the migrated topic, so that any machine can resume. Each
 * migration has a topic with one message per line. A claim is the metadata entry of a partitioned topic, because its
 * creation is atomic: for plain topics the broker lets several callers believe that they created it (seen on 4.2.4). All
 * calls are plain admin REST.
 */
export class ClusterJournal implements JournalStore {
  readonly place = 'cluster'
  private readonly admin: PulsarAdmin
  private readonly namespace: string | null
  private readonly logs = new Map<string, Log>()

  /** @param namespace searches only this namespace, as tenant/namespace; null searches all. */
  constructor(admin: PulsarAdmin, namespace: string | null) {
    this.admin = admin
    this.namespace = namespace
  }

  async create(migrationId: string, subject: Subject): Promise<void> {
    const topic = inNamespaceOf(subject, `${JOURNAL_TOPICS}${migrationId}`)
    const isMade = await orWhenNotAllowed(
      this.admin.createTopic(topic).then(() => true),
      false,
    )
    if (!isMade) throw mayNotKeep(topic)
    await this.admin.createSubscription(topic, RETENTION_SUBSCRIPTION, 'earliest')
    // The namespace may let messages expire. Where topic policies are off, retention cannot be set and is not needed.
    await orOnStatus(405, this.admin.retainForever(topic), undefined)
    this.logs.set(migrationId, {topic, lines: [], lastId: EMPTY})
  }

  async append(migrationId: string, lines: readonly JournalLine[]): Promise<number> {
    const log = await this.log(migrationId)
    const giveUpAt = Date.now() + APPEND_RETRY_MS
    for (let isFirst = true; ; isFirst = false) {
      try {
        // After a cut connection it is unknown which lines the broker has stored. Read the log and send the missing
        // lines.
        const missing = isFirst ? lines : await this.missing(log, lines)
        if (missing.length === 0) return indexOf(log, lines)
        const ids = await this.admin.publish(
          log.topic,
          missing.map((line) => JSON.stringify(line)),
        )
        this.take(log, missing, ids)
        if (log.lines.at(-1)?.hash === lines.at(-1)?.hash) return indexOf(log, lines)
      } catch (error) {
        if (isFinal(error) || Date.now() > giveUpAt) throw error
        await delay(200)
      }
    }
  }

  async read(migrationId: string, from = 0): Promise<JournalLine[]> {
    const log = await this.log(migrationId)
    await this.catchUp(log)
    return log.lines.slice(from)
  }

  async remove(migrationId: string): Promise<void> {
    const {topic} = await this.log(migrationId)
    await this.admin.deleteTopic(topic)
    this.logs.delete(migrationId)
  }

  async list(): Promise<string[]> {
    for (const topic of await this.ownTopics(JOURNAL_TOPICS)) {
      const id = topic.local.slice(JOURNAL_TOPICS.length)
      if (!this.logs.has(id)) this.logs.set(id, {topic, lines: [], lastId: null})
    }
    return [...this.logs.keys()].toSorted()
  }

  async claim(claim: Claim): Promise<Claim> {
    const topic = claimTopic(claim.subject)
    const made = this.admin.createPartitionedTopic(topic, 1, {claim: JSON.stringify(claim)}).then(() => true)
    if (await orOnStatus(409, made, false)) return claim
    return (await this.holder(claim.subject))?.claim ?? this.claim(claim)
  }

  async holder(subject: Subject): Promise<{claim: Claim; heartbeat: Heartbeat | null} | null> {
    const properties = await orOnStatus(404, this.admin.topicProperties(claimTopic(subject)), null)
    if (!properties?.['claim']) return null
    const beat = properties['heartbeat']
    return {
      claim: JSON.parse(properties['claim']) as Claim,
      heartbeat: beat === undefined ? null : (JSON.parse(beat) as Heartbeat),
    }
  }

  async writeHeartbeat({subject}: Claim, heartbeat: Heartbeat): Promise<void> {
    await this.admin.setTopicProperties(claimTopic(subject), {heartbeat: JSON.stringify(heartbeat)})
  }

  async release({migrationId, subject}: Claim): Promise<void> {
    if ((await this.holder(subject))?.claim.migrationId !== migrationId) return
    await orOnStatus(404, this.admin.deletePartitionedTopic(claimTopic(subject)), undefined)
  }

  private async log(migrationId: string): Promise<Log> {
    if (!this.logs.has(migrationId)) await this.list()
    const log = this.logs.get(migrationId)
    if (log) return log
    const where = this.namespace ?? 'the cluster'
    throw new Unreachable('E_MIGRATION_NOT_FOUND', `no migration ${migrationId} in ${where}`, {
      data: {migrationId, place: this.place, namespace: this.namespace},
      next: [suggestedCommand('migrate', 'list', '--namespace', 'all')],
    })
  }

  /** Adds published lines to the log without reading them again, if no other line can have come in between. */
  private take(log: Log, lines: readonly JournalLine[], ids: ReadonlyArray<string | null>): void {
    for (const [at, line] of lines.entries()) {
      const id = ids[at] ?? null
      if (id === null || !isDirectlyBehind(log.lastId, id)) return
      log.lines.push(line)
      log.lastId = id
    }
  }

  /** The lines that the log does not contain. */
  private async missing(log: Log, lines: readonly JournalLine[]): Promise<JournalLine[]> {
    await this.catchUp(log)
    const known = new Set(log.lines.map(({hash}) => hash))
    return lines.filter(({hash}) => !known.has(hash))
  }

  /**
   * Reads the lines after the last known one. For an entry after the end of the topic the broker returns the last entry
   * again.
   */
  private async catchUp(log: Log): Promise<void> {
    for (let width = 1; ; width = Math.min(2 * width, READ_AHEAD)) {
      const numbers = Array.from({length: width}, (_, at) => log.lines.length + at + 1)
      const answers = await Promise.all(numbers.map((n) => this.admin.examineMessage(log.topic, 'earliest', n)))
      for (const answer of answers) {
        const id = answer?.headers['x-pulsar-message-id']
        if (!answer || id === undefined || id === log.lastId) return
        log.lines.push(parseLine(log, answer.body.toString('utf8')))
        log.lastId = id
      }
    }
  }

  private async ownTopics(prefix: string): Promise<TopicName[]> {
    const namespaces = this.namespace === null ? await this.allNamespaces() : [this.namespace]
    const found = await pLimit(CONCURRENT_NAMESPACES).map(namespaces, (name) => this.ownTopicsOf(name, prefix))
    return found.flat()
  }

  private async ownTopicsOf(namespace: string, prefix: string): Promise<TopicName[]> {
    const [tenant = '', name = ''] = namespace.split('/')
    const topics = await orOnStatus(404, this.admin.topics(tenant, name), [])
    return topics
      .filter((topic) => topic.startsWith('persistent://'))
      .map(parseTopicName)
      .filter(({local}) => local.startsWith(prefix))
  }

  private async allNamespaces(): Promise<string[]> {
    const tenants = await this.admin.tenants()
    return (await Promise.all(tenants.map((tenant) => this.admin.namespaces(tenant)))).flat()
  }
}

interface Log {
  readonly topic: TopicName
  /** the lines read so far */
  readonly lines: JournalLine[]
  /** position of the last line read, as `ledger:entry`; EMPTY for a journal without lines, null before the first read */
  lastId: string | null
}

const EMPTY = ''

function indexOf(log: Log, lines: readonly JournalLine[]): number {
  return log.lines.findLastIndex(({hash}) => hash === lines[0]?.hash)
}

function isDirectlyBehind(last: string | null, id: string): boolean {
  const [ledger, entry] = id.split(':')
  return last === (entry === '0' ? EMPTY : `${String(ledger)}:${String(Number(entry) - 1)}`)
}

function inNamespaceOf({topic}: Subject, local: string): TopicName {
  const {namespace, tenant} = parseTopicName(topic)
  return parseTopicName(`persistent://${tenant}/${namespace}/${local}`)
}

function claimTopic(subject: Subject): TopicName {
  return inNamespaceOf(subject, `${CLAIMS}${sha256(subject.topic).slice(0, 16)}`)
}

/** @throws Conflict E_JOURNAL_BROKEN if the message is not a JSON object: another program published it. */
function parseLine({lines, topic}: Log, text: string): JournalLine {
  let parsed: unknown
  let cause: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    cause = error
  }
  if (typeof parsed === 'object' && parsed !== null) return parsed as JournalLine
  const line = lines.length + 1
  throw new Conflict('E_JOURNAL_BROKEN', `message ${String(line)} of ${topic.full} is not a line of a journal`, {
    data: {topic: topic.full, line},
    cause,
  })
}

/** The broker answered and will give the same answer again. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof Unreachable)) return true
  return error instanceof AdminRefused && error.status < 500 && error.status !== 412
}

function mayNotKeep({full, namespace, tenant}: TopicName): Unreachable {
  const message = `this login may not create a topic in ${tenant}/${namespace}, where the journal is stored`
  return new Unreachable('E_NOT_ALLOWED', message, {
    data: {topic: full},
    next: [
      'run the same command with --journal file:DIRECTORY; other machines can resume only with access to that folder',
    ],
  })
}
