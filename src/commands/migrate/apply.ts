import {Args, Flags} from '@oclif/core'

import {currentActor} from '../../cli/process-user.js'
import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags} from '../../cli/flags/common-flags.js'
import {runFlags, soakFlags} from '../../cli/flags/migration-flags.js'
import {openJournal} from '../../cli/open-journal.js'
import {runControls} from '../../cli/migration-run.js'
import {PLAN_COMMAND, readPlanFile} from '../../cli/files/plan-file.js'
import {renderPlan, renderResult} from '../../cli/render/migration/migration.js'
import {applyPlan} from '../../domain/migration/run/run-migration.js'
import type {MigrationResult} from '../../domain/migration/run/migration-result.js'
import {parsePlan} from '../../domain/migration/plan/parse-plan.js'

export default class MigrateApply extends KeyshiftCommand<MigrationResult> {
  static override args = {plan: Args.string({description: 'plan file, as written by migrate plan -o', required: true})}
  static override description =
    'In place, start the new fleet first: its subscribe is refused and tried again, and it gets in at the switch. ' +
    'Blue-green, start it once the door is closed: by a hook, or between --postpone and migrate cutover. ' +
    'Stop-start, stop the old fleet when it says so, and start the new one then, by hooks or by hand. ' +
    'Ctrl-C before the switch puts delivery back as it was; after it the run finishes.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> plan.json',
    '<%= config.bin %> <%= command.id %> plan.json --yes --max-gap 5s --json | jq .result.gapMs',
    '<%= config.bin %> <%= command.id %> plan.json --yes --postpone --hooks ./hooks',
  ]
  static override flags = {
    ...pulsarFlags,
    ...runFlags,
    ...soakFlags,
    postpone: Flags.boolean({
      description: 'prepare all, and wait for migrate cutover before delivery is held',
      helpGroup: 'MIGRATION',
    }),
  }
  static override summary = 'Carry out a plan: hold delivery, drain, switch, deliver again, and prove it.'

  async run(): Promise<MigrationResult> {
    const {args, flags} = await this.parse(MigrateApply)
    const plan = parsePlan(await readPlanFile(args.plan, PLAN_COMMAND), args.plan)
    const admin = await this.connections.admin()
    const store = openJournal(admin, flags)
    if (!flags.yes) this.progress.say(renderPlan(plan))
    await this.confirm(`Move ${plan.subscription} of ${plan.topic} to ${plan.to}?`, flags)
    const controls = this.own(await runControls(flags, this.progress, this.connections))
    const settings = {...controls, isPostponed: flags.postpone}
    const result = await applyPlan({admin, store, who: currentActor()}, plan, settings)
    this.log(renderResult(result))
    return result
  }
}
