import {Args} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {connectAdmin} from '../../cli/connect.js'
import {pulsarFlags} from '../../cli/flags.js'
import {confirm, currentActor, openJournal, runControls, runFlags} from '../../cli/migration.js'
import {readPlanFile} from '../../cli/plan-file.js'
import {renderPlan, renderResult} from '../../cli/render/migration.js'
import {applyPlan} from '../../domain/migration/migrate.js'
import type {MigrationResult} from '../../domain/migration/result.js'
import {parsePlan} from '../../domain/migration/stale.js'

export default class MigrateApply extends KeyshiftCommand<MigrationResult> {
  static override args = {plan: Args.string({description: 'plan file, as written by migrate plan -o', required: true})}
  static override description =
    'Start the new fleet first: its subscribe is refused and tried again, and it gets in at the switch. ' +
    'Ctrl-C before the switch puts delivery back as it was; after it the run finishes.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> plan.json',
    '<%= config.bin %> <%= command.id %> plan.json --yes --max-gap 5s --json | jq .result.gapMs',
  ]
  static override flags = {...pulsarFlags, ...runFlags}
  static override summary = 'Carry out a plan: fence, pause, drain, switch, resume, and prove it.'

  async run(): Promise<MigrationResult> {
    const {args, flags} = await this.parse(MigrateApply)
    const plan = parsePlan(await readPlanFile(args.plan), args.plan)
    const store = openJournal(this.config, flags.journal)
    const admin = this.own(await connectAdmin(this.config, flags['admin-url']))
    if (!flags.yes) {
      this.progress.say(renderPlan(plan))
      await confirm(`Move ${plan.subscription} of ${plan.topic} to ${plan.to}?`, this.jsonEnabled())
    }
    const controls = this.own(runControls(flags, this.progress))
    const result = await applyPlan({admin, store, who: currentActor()}, plan, controls)
    this.log(renderResult(result))
    return result
  }
}
