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
  /** smallest and largest backlog of a partition, in entries; null on a plain topic and when a backlog is unknown */
  spread: {least: number; most: number; mostOn: number} | null
  unackedMessages: number | null
  rateOutPerSecond: number | null
  /** whether it or one of its consumers has reached the unacked-message limit on some partition */
  isBlocked: boolean
  /**
   * whether the backlog of some partition is due and does not move; null when unknown, for example on a topic that has just
   * been loaded, and for cursors of the broker and of readers
   */
  isStalled: boolean | null
  /**
   * no acknowledgement since this time, or longer, despite a backlog, on the partition where that time is earliest. null without
   * a backlog and when unknown; broker statistics never contain it
   */
  unackedSince: string | null
}

export interface SubscriptionList {
  /** `broker-stats`: one request per broker, renewed every minute by default; `topic-stats`: one request per topic, live */
  source: 'broker-stats' | 'topic-stats'
  /**
   * why topics were queried one by one: `--fresh` is set; the permission to read broker statistics is missing; they contain no
   * match; no broker can be reached at its own address. null for `broker-stats`
   */
  sourceReason: 'requested' | 'not-allowed' | 'not-in-broker-stats' | 'brokers-unreachable' | null
  /** when the list was requested */
  asOf: string
  /** maximum age of the numbers in ms; null when unknown */
  maxAgeMs: number | null
  /** whether every broker answered, and every listed topic has all its partitions */
  complete: boolean
  /** brokers that did not answer; their topics are missing */
  failedBrokers: Array<{broker: string; cause: string}>
  /** number of matching subscriptions; `subscriptions` contains at most the limit */
  matched: number
  /** subscriptions that are left out, because it is unknown whether they are stalled; 0 if the filter does not ask for it */
  stalledUnknown: number
  subscriptions: SubscriptionRow[]
}
