import type {TopicName} from '../../topic-name.js'

/** A source of names. Unknown names are empty: completion then offers less, without an error. */
export interface NameSource {
  contexts(): Promise<readonly string[]>
  tenants(): Promise<readonly string[]>
  /** such as `tenant/namespace` */
  namespaces(tenant: string): Promise<readonly string[]>
  /** Full names of the topics of a namespace (`tenant/namespace`); each partition of a partitioned topic is one. */
  topics(namespace: string): Promise<readonly string[]>
  subscriptions(topic: TopicName): Promise<readonly string[]>
  /** ids */
  migrations(): Promise<readonly string[]>
  /** the namespace of topics given by name only, as `tenant/namespace` */
  ownNamespace(): Promise<string>
}
