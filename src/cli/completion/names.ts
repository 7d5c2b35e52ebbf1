import type {TopicName} from '../../topic-name.js'

/** Where names come from. What is not known is empty: completion offers less then, and says nothing. */
export interface NameSource {
  contexts(): Promise<readonly string[]>
  tenants(): Promise<readonly string[]>
  /** as `tenant/namespace` */
  namespaces(tenant: string): Promise<readonly string[]>
  /** Full names of a namespace, given as `tenant/namespace`; each partition of a partitioned topic is one. */
  topics(namespace: string): Promise<readonly string[]>
  subscriptions(topic: TopicName): Promise<readonly string[]>
  /** ids */
  migrations(): Promise<readonly string[]>
  /** of topics that are given by their name alone, as `tenant/namespace` */
  ownNamespace(): Promise<string>
}
