import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {messageFlags, pulsarFlags, sampleFlags} from '../../cli/flags/common-flags.js'
import {renderSimulation} from '../../cli/render/keys/key-simulation.js'
import {sampleOptions} from '../../cli/flags/sample-flags.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {DEFAULT_SETTINGS} from '../../domain/keys/selectors/algorithms.js'
import {parseVersion} from '../../domain/keys/selectors/broker-version.js'
import {collectKeyShared} from '../../domain/keys/assignment/collect-key-shared.js'
import type {BrokerFacts} from '../../domain/keys/assignment/detect-selector.js'
import {type KeySimulation, simulateLive, simulateOffline} from '../../domain/keys/simulation/simulation.js'
import {collectWeights} from '../../domain/message-sampling/collect-hash-weights.js'
import {Usage} from '../../errors.js'
import {operands} from '../../suggested-command.js'

export default class KeysSimulate extends KeyshiftCommand<KeySimulation> {
  static override args = {
    topic: Args.string({
      description:
        'topic, such as persistent://tenant/namespace/name, tenant/namespace/name or name; omit it with --offline',
    }),
    subscription: Args.string({description: 'subscription name; omit it with --offline'}),
  }
  static override description =
    'Computes what the broker would do, without any change. Departures are applied before joins, in the given order. For a ' +
    'subscription that is not Key_Shared, shows the result after a change to Key_Shared, or to Failover with --mode failover. Each --leave removes one consumer of that name, ' +
    'the latest to connect.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> orders decision --join app-8 --join app-9',
    "<%= config.bin %> <%= command.id %> orders decision --consumers 12 --names-like 'app-{0..N}' --sample",
    '<%= config.bin %> <%= command.id %> orders decision --leave app-3 --json',
    "<%= config.bin %> <%= command.id %> --offline --version 4.2 --consumers 8 --names-like 'app-{0..N}' --search-names",
  ]
  static override flags = {
    ...pulsarFlags,
    ...messageFlags,
    ...sampleFlags,
    ...tableOutputFlag,
    consumers: Flags.integer({description: 'target number of consumers', helpGroup: 'CHANGE', helpValue: 'N', min: 1}),
    join: Flags.string({
      description: 'name of a consumer that joins; repeat for several',
      helpGroup: 'CHANGE',
      helpValue: 'NAME',
      multiple: true,
    }),
    leave: Flags.string({
      description: 'name of a consumer that leaves; repeat for several',
      helpGroup: 'CHANGE',
      helpValue: 'NAME',
      multiple: true,
    }),
    mode: Flags.option({
      description: 'simulate this selector of key ranges, or a Failover subscription (default: the current selector)',
      options: ['consistent-hashing', 'auto-split', 'failover'] as const,
    })(),
    'names-like': Flags.string({
      dependsOn: ['consumers'],
      description: 'pattern for the names of the consumers (default: continue the numbers of the connected names)',
      helpGroup: 'CHANGE',
      helpValue: 'app-{0..N}',
    }),
    offline: Flags.boolean({
      description: 'start from an empty subscription; do not contact a broker',
      dependsOn: ['version'],
    }),
    points: Flags.integer({
      description:
        'subscriptionKeySharedConsistentHashingReplicaPoints of the broker (default: the value that the broker reports, or 100)',
      helpValue: 'N',
      min: 1,
    }),
    sample: Flags.boolean({
      description: 'weight shares by the keys in the backlog of the subscription',
      exclusive: ['offline'],
    }),
    'search-names': Flags.boolean({
      default: false,
      description: 'search for consumer names and points that distribute the keys more evenly',
    }),
    version: Flags.string({
      dependsOn: ['offline'],
      description: 'Pulsar version to simulate, such as 4.2',
      helpValue: 'VERSION',
    }),
  }
  static override summary = 'Show which slots would move if consumers joined or left, or the type changed.'

  async run(): Promise<KeySimulation> {
    const {args, flags} = await this.parse(KeysSimulate)
    const {consumers, join = [], leave = [], mode, points} = flags
    const words = flags.offline
      ? ['--offline', '--version', flags.version ?? '']
      : operands(args.topic ?? '', args.subscription ?? '')
    const wanted = {join, leave, consumers: consumers ?? null, namesLike: flags['names-like'] ?? null, words}
    const options = {wanted, mode: mode ?? null, searchesNames: flags['search-names'], weights: null}
    if (flags.offline) {
      const facts = {version: versionOf(flags.version), settings: DEFAULT_SETTINGS}
      return this.show(simulateOffline(withPoints(facts, points), options))
    }
    if (args.topic === undefined || args.subscription === undefined) {
      throw new Usage('E_TOPIC_MISSING', 'specify TOPIC and SUBSCRIPTION before the flags, or --offline with --version')
    }
    const admin = await this.connections.admin()
    const {collected, facts} = await collectKeyShared(admin, args.topic, args.subscription)
    const {connections, progress} = this
    const sampling = sampleOptions(flags, {connections, progress})
    const weights = flags.sample ? await collectWeights(admin, collected, facts, sampling) : null
    return this.show(simulateLive(collected, withPoints(facts, points), {...options, weights}))
  }

  private show(report: KeySimulation): KeySimulation {
    this.print(renderSimulation, report)
    return report
  }
}

/** Replaces the points of the broker; unknown other settings have their defaults. */
function withPoints(facts: BrokerFacts, points: number | undefined): BrokerFacts {
  return points === undefined ? facts : {...facts, settings: {...(facts.settings ?? DEFAULT_SETTINGS), points}}
}

function versionOf(text: string | undefined): BrokerFacts['version'] {
  const version = parseVersion(text ?? '')
  if (!version)
    throw new Usage('E_VERSION', `--version ${text ?? ''} is not a Pulsar version; use a version such as 4.2 or 3.0.7`)
  return version
}
