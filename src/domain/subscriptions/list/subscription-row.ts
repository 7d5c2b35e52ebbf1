export interface SubscriptionRow {
  /** the partitioned topic's name, or the plain topic's */
  topic: string
  subscription: string
  /** null when partitions differ */
  type: string | null
  /** partitions seen; null on a plain topic */
  partitions: number | null
  consumers: number
  /** 0 on a plain topic */
  partitionsWithoutConsumer: number
  /** entries: a batch is one */
  backlogEntries: number | null
  /** how the backlog lies over the partitions, in entries; null on a plain topic, and where one of them is not known */
  spread: {least: number; most: number; mostOn: number} | null
  unackedMessages: number | null
  rateOutPerSecond: number | null
  /** whether it, or one of its consumers, has as many unacknowledged messages as it may, on some partition */
  isBlocked: boolean
  /**
   * whether on some partition entries wait, consumers are there, and nothing was delivered over the broker's last minute; null
   * where that is not known, as on a topic that was loaded a moment ago
   */
  isStalled: boolean | null
  /**
   * since when nothing has been acknowledged, or longer, though entries wait: of the partition where that is longest ago. null
   * where nothing waits, and where that is not known: brokers' copies never tell
   */
  unackedSince: string | null
}

export interface SubscriptionList {
  /** `broker-stats`: one request per broker, a copy renewed each minute; `topic-stats`: one request per topic, live */
  source: 'broker-stats' | 'topic-stats'
  /**
   * why the topics were asked: `--fresh` asked for it; this login may not ask for the brokers' copies; no broker is reached by
   * its own address; nothing in the copies matches. null for `broker-stats`
   */
  sourceReason: 'requested' | 'not-allowed' | 'not-in-broker-stats' | 'brokers-unreachable' | null
  /** when the brokers were asked */
  asOf: string
  /** how old the numbers may be, in ms; null when the broker does not say */
  maxAgeMs: number | null
  /** whether every broker answered, and every partition of every topic listed is in its numbers */
  complete: boolean
  /** brokers that did not answer: their topics are missing */
  failedBrokers: Array<{broker: string; cause: string}>
  /** how many fit, of which `subscriptions` may be the first */
  matched: number
  subscriptions: SubscriptionRow[]
}
