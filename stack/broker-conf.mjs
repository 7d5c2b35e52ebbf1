// @ts-check
// The settings of all brokers, and the settings that depend on the variant and the ports of a stack.
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
  statsUpdateInitialDelayInSecs: 5, // the default of 60 leaves the broker's copy of its statistics empty for a minute
  loadBalancerEnabled: false, // with it, 3.0.7 does not start if the speed of the network card is unknown

  // The defaults are for machines with many cores.
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
  loadBalancerOverrideBrokerNicSpeedGbps: 1, // in case the speed is unknown
  loadManagerClassName: 'org.apache.pulsar.broker.loadbalance.impl.ModularLoadManagerImpl',
  loadBalancerSheddingEnabled: false, // a bundle stays at the broker that a test chose
  loadBalancerAutoBundleSplitEnabled: false,
  metadataStoreSessionTimeoutMillis: 10_000, // a killed broker remains in the cluster's list for this time
}

/**
 * @param {import('./identity.mjs').Identity} identity
 * @param {{web: number, broker: number, webTls?: number, brokerTls?: number, logins: Settings}} own the ports of the broker, and the settings of the stack's logins
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

/** The bookie needs the name of a network interface instead of an address. */
function loopbackName() {
  const found = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some(({address}) => address === '127.0.0.1'),
  )
  return found?.[0] ?? 'lo'
}
