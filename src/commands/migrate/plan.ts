import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags/common-flags.js'
import {PLAN_COMMAND, writePlanFile} from '../../cli/files/plan-file.js'
import {renderPlan} from '../../cli/render/migration/migration.js'
import {collectKeySample} from '../../domain/migration/preflight/collect-key-check.js'
import {collectSnapshot} from '../../domain/migration/preflight/collect-preflight.js'
import {completeRequest, type MigrationPlan, planMigration} from '../../domain/migration/plan/plan.js'
import {MIGRATABLE, STRATEGIES} from '../../domain/migration/strategy.js'
import {suggestedCommand} from '../../suggested-command.js'

const HOUR_MS = 3_600_000

export default class MigratePlan extends KeyshiftCommand<MigrationPlan> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override description =
    'Planning reads only. The plan binds what it saw; apply refuses it when the cluster has changed since.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision --to Key_Shared -o plan.json',
    '<%= config.bin %> <%= command.id %> orders decision --to Key_Shared --accept mixed-batches',
    '<%= config.bin %> <%= command.id %> orders decision --to Failover --strategy blue-green --new-subscription decide',
  ]
  static override flags = {
    ...pulsarFlags,
    accept: Flags.string({
      default: [],
      description: 'let this blocking finding pass',
      helpValue: 'FINDING',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'expect-consumers': Flags.integer({description: 'how many new consumers there should be', helpValue: 'N', min: 1}),
    output: Flags.string({char: 'o', description: 'write the plan to this file', helpValue: 'plan.json'}),
    'new-subscription': Flags.string({
      description:
        'the subscription that a blue-green migration makes; SUBSCRIPTION-key-shared and the like unless given',
      helpValue: 'NAME',
    }),
    strategy: Flags.option({
      description:
        'same subscription, a new one at the same position, or, where delivery can not be held, by stopping the old fleet first; the plan chooses unless given',
      options: STRATEGIES,
    })(),
    to: Flags.option({description: 'the type to change to', options: MIGRATABLE, required: true})(),
  }
  static override summary = 'Plan the move of a subscription to another type; changes nothing.'

  async run(): Promise<MigrationPlan> {
    const {args, flags} = await this.parse(MigratePlan)
    const admin = await this.connections.admin()
    const sample = await collectKeySample(admin, args.topic, args.subscription)
    const snapshot = await collectSnapshot(admin, args.topic, args.subscription, sample)
    const request = completeRequest(snapshot, {
      to: flags.to,
      strategy: flags.strategy ?? null,
      newSubscription: flags['new-subscription'] ?? null,
      accept: flags.accept,
      expectConsumers: flags['expect-consumers'] ?? null,
      validForMs: HOUR_MS,
    })
    const plan = planMigration(snapshot, request, new Date())
    if (flags.output !== undefined) await writePlanFile(flags.output, plan, PLAN_COMMAND)
    this.log(renderPlan(plan))
    if (flags.output !== undefined) this.log(`\nNext: ${suggestedCommand('migrate', 'apply', flags.output)}`)
    return plan
  }
}
