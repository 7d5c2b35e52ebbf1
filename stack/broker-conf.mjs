// @ts-check
// Settings of every broker, and those that come from its place in the stack.
import {networkInterfaces} from 'node:os'
import {VARIANTS} from './identity.mjs'

/** @typedef {Record<string, string | number | boolean>} Settings */

/** @type {Settings} */
const CONF = {
  clusterName: 'standalone',
  advertisedAddress: '127.0.0.1',
  bindAddress: '127.0.0.1',
  webSocketServiceEnabled: true,
  managedLedgerDefaultEnsembleSize: 1,
  managedLedgerDefaultWriteQuorum: 1,
  managedLedgerDefaultAckQuorum: 1,
  systemTopicEnabled: true,
  topicLevelPoliciesEnabled: true,
  allowAutoTopicCreation: true,
  brokerDeleteInactiveTopicsEnabled: false,
  forceDeleteNamespaceAllowed: true,
  defaultNumberOfNamespaceBundles: 4,
  statsUpdateFrequencyInSecs: 5,
  statsUpdateInitialDelayInSecs: 5, // not 60: until then the broker's copy of its statistics is empty
  loadBalancerEnabled: false, // 3.0.7 does not start with it where the network card's speed is unknown

  // A small machine: the defaults count on many cores.
  numIOThreads: 2,
  numHttpServerThreads: 8,
  numOrderedExecutorThreads: 2,
  numExecutorThreadPoolSize: 2,
  numCacheExecutorThreadPoolSize: 2,
  topicOrderedExecutorThreadNum: 2,
  managedLedgerNumSchedulerThreads: 2,
  bookkeeperClientNumWorkerThreads: 2,
  webSocketNumServiceThreads: 2,
  webSocketNumIoThreads: 2,

  // The bookie reads the same file. Its data is thrown away after use: no waiting for the disk, small files.
  allowEphemeralPorts: true, // without it --bookkeeper-port is ignored and any port taken
  allowLoopback: true,
  journalSyncData: false,
  journalMaxSizeMB: 64,
  journalPreAllocSizeMB: 4,
  journalMaxBackups: 0,
  numJournalCallbackThreads: 1,
  numAddWorkerThreads: 1,
  numReadWorkerThreads: 2,
  numLongPollWorkerThreads: 1,
  numHighPriorityWorkerThreads: 1,
  serverNumIOThreads: 2,
  dbStorage_writeCacheMaxSizeMb: 64,
  dbStorage_readAheadCacheMaxSizeMb: 32,
  diskUsageThreshold: 0.99, // a nearly full disk should not make the test broker read-only
  diskUsageWarnThreshold: 0.985,
}

/** @type {Settings} */
const IN_CLUSTER = {
  loadBalancerEnabled: true,
  loadBalancerOverrideBrokerNicSpeedGbps: 1, // where it is unknown
  loadManagerClassName: 'org.apache.pulsar.broker.loadbalance.impl.ModularLoadManagerImpl',
  loadBalancerSheddingEnabled: false, // a bundle stays where a test put it
  loadBalancerAutoBundleSplitEnabled: false,
  metadataStoreSessionTimeoutMillis: 10_000, // so long a dead broker is still in the cluster's list
}

/**
 * @param {import('./identity.mjs').Identity} identity
 * @param {{web: number, broker: number, webTls?: number, brokerTls?: number, logins: Settings}} own its ports, and the settings of the stack's logins
 * @returns {Settings}
 */
export function brokerSettings({config}, {web, broker, webTls, brokerTls, logins}) {
  const {brokers, conf} = VARIANTS[config]
  return {
    ...CONF,
    ...(brokers ? IN_CLUSTER : {}),
    webServicePort: web,
    brokerServicePort: broker,
    ...(webTls && brokerTls ? {webServicePortTls: webTls, brokerServicePortTls: brokerTls} : {}),
    listeningInterface: loopbackName(),
    ...conf,
    ...logins,
  }
}

/** The bookie takes the name of a network interface, not an address. */
function loopbackName() {
  const found = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some(({address}) => address === '127.0.0.1'),
  )
  return found?.[0] ?? 'lo'
}
