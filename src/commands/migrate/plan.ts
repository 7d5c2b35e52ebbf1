import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags/common-flags.js'
import {PLAN_COMMAND, writePlanFile} from '../../cli/files/plan-file.js'
import {renderPlan} from '../../cli/render/migration/migration.js'
import {collectKeyCheck} from '../../domain/migration/preflight/collect-key-check.js'
import {collectSnapshot} from '../../domain/migration/preflight/collect-preflight.js'
import {completeRequest, type MigrationPlan} from '../../domain/migration/plan/plan.js'
import {planMigration} from '../../domain/migration/run/plan-migration.js'
import {MIGRATABLE, STRATEGIES} from '../../domain/migration/strategy.js'
import {suggestedCommand} from '../../suggested-command.js'

const HOUR_MS = 3_600_000

export default class MigratePlan extends KeyshiftCommand<MigrationPlan> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override description = 'The plan expires after 1 h. migrate apply refuses it if the cluster has changed since.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision --to Key_Shared -o plan.json',
    '<%= config.bin %> <%= command.id %> orders decision --to Key_Shared --accept mixed-key-batches',
    '<%= config.bin %> <%= command.id %> orders decision --to Failover --strategy blue-green --new-subscription decision-v2',
  ]
  static override flags = {
    ...pulsarFlags,
    accept: Flags.string({
      description: 'accept this blocking finding; repeat for several',
      helpValue: 'FINDING',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'expect-consumers': Flags.integer({
      description: 'expected number of new consumers on each partition; the result warns about partitions with fewer',
      helpValue: 'N',
      min: 1,
    }),
    out: Flags.string({char: 'o', description: 'write the plan to this file', helpValue: 'FILE'}),
    'new-subscription': Flags.string({
      description:
        'name of the subscription that a blue-green migration creates (default: SUBSCRIPTION-TYPE, such as decision-key-shared)',
      helpValue: 'NAME',
    }),
    strategy: Flags.option({
      description:
        'in-place keeps the subscription; blue-green creates a new one at the same position; stop-start stops the old consumers first, and is for topics where delivery cannot be paused (default: chosen by the plan)',
      options: STRATEGIES,
    })(),
    to: Flags.option({description: 'new subscription type', options: MIGRATABLE, required: true})(),
  }
  static override summary = 'Plan the migration of a subscription to another type. Changes nothing.'

  async run(): Promise<MigrationPlan> {
    const {args, flags} = await this.parse(MigratePlan)
    const admin = await this.connections.admin()
    const keyCheck = await collectKeyCheck(admin, args.topic, args.subscription)
    const snapshot = await collectSnapshot(admin, args.topic, args.subscription, keyCheck)
    const request = completeRequest(snapshot, {
      to: flags.to,
      strategy: flags.strategy ?? null,
      newSubscription: flags['new-subscription'] ?? null,
      accept: flags.accept ?? [],
      expectConsumers: flags['expect-consumers'] ?? null,
      validForMs: HOUR_MS,
    })
    const plan = planMigration(snapshot, request, new Date())
    if (flags.out !== undefined) await writePlanFile(flags.out, plan, PLAN_COMMAND)
    this.print(renderPlan, plan)
    this.log(
      flags.out === undefined
        ? '\nThe plan is not saved. To apply it, repeat the command with -o plan.json.'
        : `\nNext: ${suggestedCommand('migrate', 'apply', flags.out)}`,
    )
    return plan
  }
}
