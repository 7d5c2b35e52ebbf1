import type {MigrationStatus} from '../domain/migration/journal/status.js'
import type {readMigration} from '../domain/migration/journal/list-migrations.js'
import type {MigrationResult} from '../domain/migration/run/migration-result.js'
import type {MigrationTools, RunSettings} from '../domain/migration/run/run-migration.js'
import type {cancelRequest, requireAllowed, RequestResult, sendRequest} from '../domain/migration/run/send-request.js'
import {KeyshiftCommand} from './base-command.js'
import type {RunFlags} from './flags/migration-flags.js'
import {runControls} from './migration-run.js'
import {openJournal} from './open-journal.js'
import {currentActor} from './process-user.js'
import {renderRequest, renderResult} from './render/migration/migration.js'

interface Parsed<F> {
  readonly args: {readonly id: string}
  readonly flags: F
}

interface ConfirmedFlags {
  readonly journal: string
  readonly namespace?: string | undefined
  readonly yes: boolean
  readonly 'confirm-context'?: string | undefined
}

/** Says what the command changes and its impact, for the migration that it is about. */
type Question = (status: MigrationStatus) => string

/** The domain functions that a command hands over, because src/cli itself only renders the domain's reports. */
interface ReadActions {
  readonly readMigration: typeof readMigration
}
interface RequestActions extends ReadActions {
  readonly cancelRequest: typeof cancelRequest
  readonly requireAllowed: typeof requireAllowed
  readonly sendRequest: typeof sendRequest
}
interface RunActions extends ReadActions {
  /** Checks whether `act` can start. */
  readonly check: (tools: MigrationTools, id: string, isTakeOver: boolean) => Promise<void>
  readonly act: RunAction
}

type RunAction = (
  tools: MigrationTools,
  id: string,
  settings: RunSettings & {readonly isTakeOver: boolean},
) => Promise<MigrationResult>

/** What the commands share that act on one existing migration. It is not a command itself, and nothing extends a command. */
export abstract class MigrationCommand<T extends object> extends KeyshiftCommand<T> {
  /**
   * Opens the journal and asks for confirmation, after a check that the state of the migration allows the change.
   *
   * @param check of the domain function that makes the change, which repeats it.
   */
  protected async openConfirmed(
    {args, flags}: Parsed<ConfirmedFlags>,
    actions: ReadActions & {readonly check: (tools: MigrationTools, id: string) => Promise<unknown>},
    question: Question,
  ): Promise<MigrationTools> {
    const tools = await this.open(flags)
    if (flags.yes && !this.connections.settings.isProtected) return tools
    await actions.check(tools, args.id)
    await this.confirm(question(await actions.readMigration(tools.store, args.id)), flags)
    return tools
  }

  private async open(flags: ConfirmedFlags): Promise<MigrationTools> {
    const admin = await this.connections.admin()
    return {admin, store: openJournal(admin, flags), who: currentActor()}
  }

  /** Sends a request to the process that runs the migration; with --cancel, cancels a request without an answer. */
  protected async request(
    parsed: Parsed<ConfirmedFlags & {readonly cancel: boolean}>,
    verb: 'abort' | 'cutover' | 'postpone',
    actions: RequestActions,
    question: Question,
  ): Promise<RequestResult> {
    const {args, flags} = parsed
    // A cancellation only restores the state before the request, so it needs no confirmation.
    const tools = flags.cancel
      ? await this.open(flags)
      : await this.openConfirmed(
          parsed,
          {
            readMigration: actions.readMigration,
            check: ({store, who}, id) => actions.requireAllowed(store, who, id, verb),
          },
          question,
        )
    const result = await (flags.cancel ? actions.cancelRequest : actions.sendRequest)(
      tools.store,
      tools.who,
      args.id,
      verb,
    )
    this.print(renderRequest, result)
    return result
  }

  /** Runs the migration in this process, forward or backward. */
  protected async runFrom(
    parsed: Parsed<ConfirmedFlags & RunFlags & {readonly 'take-over': boolean}>,
    actions: RunActions,
    question: Question,
  ): Promise<MigrationResult> {
    const {args, flags} = parsed
    const isTakeOver = flags['take-over']
    const check = (tools: MigrationTools, id: string): Promise<void> => actions.check(tools, id, isTakeOver)
    const tools = await this.openConfirmed(parsed, {readMigration: actions.readMigration, check}, question)
    const controls = this.closeAtEnd(await runControls(flags, this.progress, this.connections))
    const result = await actions.act(tools, args.id, {...controls, isTakeOver})
    this.print(renderResult, result)
    return result
  }
}
