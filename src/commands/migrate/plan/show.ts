import {Args} from '@oclif/core'

import {KeyshiftCommand} from '../../../cli/base-command.js'
import {PLAN_COMMAND, readPlanFile} from '../../../cli/files/plan-file.js'
import {renderPlan} from '../../../cli/render/migration/migration.js'
import type {MigrationPlan} from '../../../domain/migration/plan/plan.js'
import {parsePlan} from '../../../domain/migration/plan/parse-plan.js'

export default class MigratePlanShow extends KeyshiftCommand<MigrationPlan> {
  static override args = {plan: Args.string({description: 'plan file, written by migrate plan -o', required: true})}
  static override examples = [
    '<%= config.bin %> <%= command.id %> plan.json',
    '<%= config.bin %> <%= command.id %> plan.json --json | jq .result.expected',
  ]
  static override summary = 'Show a plan file and check that it is unmodified. Does not contact a broker.'

  async run(): Promise<MigrationPlan> {
    const {args} = await this.parse(MigratePlanShow)
    const plan = parsePlan(await readPlanFile(args.plan, PLAN_COMMAND), args.plan)
    if (new Date().toISOString() > plan.expiresAt) this.warn(`the plan expired at ${plan.expiresAt}; plan again`)
    this.print(renderPlan, plan)
    return plan
  }
}
