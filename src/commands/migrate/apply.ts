import {Args, Flags} from '@oclif/core'

import {currentActor} from '../../cli/process-user.js'
import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags} from '../../cli/flags/common-flags.js'
import {runFlags, soakFlags} from '../../cli/flags/migration-flags.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {openJournal} from '../../cli/open-journal.js'
import {runControls} from '../../cli/migration-run.js'
import {PLAN_COMMAND, readPlanFile} from '../../cli/files/plan-file.js'
import {renderPlan, renderResult} from '../../cli/render/migration/migration.js'
import {applyQuestion} from '../../cli/render/migration/questions.js'
import {applyPlan} from '../../domain/migration/run/run-migration.js'
import type {MigrationResult} from '../../domain/migration/run/migration-result.js'
import {parsePlan} from '../../domain/migration/plan/parse-plan.js'

export default class MigrateApply extends KeyshiftCommand<MigrationResult> {
  static override args = {plan: Args.string({description: 'plan file, written by migrate plan -o', required: true})}
  static override description =
    'in-place: start the new consumers first. The broker rejects them until the switch; they retry and connect then. ' +
    'blue-green: start them between apply --postpone and migrate cutover, or let a hook start them. Consumers that start ' +
    'earlier create the new subscription themselves and receive every message a second time. stop-start: stop the old consumers and start the new ones when the run waits for it, by hooks ' +
    'or by hand. Ctrl-C before the switch restores delivery and exits 130; after the switch the run completes. Progress ' +
    'goes to stderr: one line per event.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> plan.json',
    '<%= config.bin %> <%= command.id %> plan.json --yes --max-gap 5s --json | jq .result.gapMs',
    '<%= config.bin %> <%= command.id %> plan.json --yes --postpone --hooks ./hooks',
  ]
  static override flags = {
    ...pulsarFlags,
    ...runFlags,
    ...soakFlags,
    ...tableOutputFlag,
    postpone: Flags.boolean({
      description: 'prepare the migration, then wait for migrate cutover before pausing delivery',
      helpGroup: 'MIGRATION',
    }),
  }
  static override summary = 'Execute a plan: pause delivery, drain, switch, resume and verify.'

  async run(): Promise<MigrationResult> {
    const {args, flags} = await this.parse(MigrateApply)
    const plan = parsePlan(await readPlanFile(args.plan, PLAN_COMMAND), args.plan)
    const admin = await this.connections.admin()
    const store = openJournal(admin, flags)
    if (!flags.yes) this.preview(renderPlan, plan)
    await this.confirm(applyQuestion(plan), flags)
    const controls = this.closeAtEnd(await runControls(flags, this.progress, this.connections))
    const settings = {...controls, isPostponed: flags.postpone}
    const result = await applyPlan({admin, store, who: currentActor()}, plan, settings)
    this.print(renderResult, result)
    return result
  }
}
