import {EXIT_CODES} from '../../../src/cli/exit-codes.js'
import {renderBacklog, renderBacklogWatch} from '../../../src/cli/render/backlog/backlog.js'
import {gapsText} from '../../../src/cli/render/backlog/gaps.js'
import {renderContexts, renderSettings} from '../../../src/cli/render/contexts.js'
import {renderDiagnosis, renderRound} from '../../../src/cli/render/doctor/doctor.js'
import {renderExitCodes} from '../../../src/cli/render/exit-codes.js'
import {renderOwners} from '../../../src/cli/render/keys/key-owners.js'
import {renderRanges} from '../../../src/cli/render/keys/key-ranges.js'
import {renderSimulation} from '../../../src/cli/render/keys/key-simulation.js'
import {renderSample} from '../../../src/cli/render/keys/message-sample.js'
import {renderAudit} from '../../../src/cli/render/locks/audit.js'
import {renderLock} from '../../../src/cli/render/locks/lock.js'
import {renderReleasePlan, renderReleases} from '../../../src/cli/render/locks/lock-release.js'
import {renderLocks} from '../../../src/cli/render/locks/locks.js'
import {renderMigrations, renderPlan, renderResult} from '../../../src/cli/render/migration/migration.js'
import {renderRehearsal} from '../../../src/cli/render/migration/rehearsal.js'
import {listText} from '../../../src/cli/render/subscriptions/subscription-list.js'
import {renderSubscription} from '../../../src/cli/render/subscriptions/subscription.js'
import {renderWhy} from '../../../src/cli/render/why.js'
import * as contextReports from './context-reports.js'
import {diagnosis} from './doctor-reports.js'
import * as keyReports from './key-reports.js'
import * as releaseReports from './lock-release-reports.js'
import * as lockReports from './lock-reports.js'
import {rehearsal} from './rehearsal-report.js'
import * as reports from './reports.js'
import {subscription} from './subscription-report.js'
import {explanation} from './why-report.js'

/** The text of a command, made from a report. */
export interface Rendering {
  /** the ids of the commands that print it, as in the manifest */
  readonly commands: readonly string[]
  /** as the commands print it */
  readonly render: () => string
  /** with each string of the report replaced */
  readonly renderWith: (replace: <T>(report: T) => T) => string
}

/** What the commands print, by the name of its golden text. */
export const RENDERINGS: Readonly<Record<string, Rendering>> = {
  'backlog.gaps': of(['backlog:gaps'], (report) => gapsText(report, 'table'), reports.gaps),
  'backlog.gaps.none': of(['backlog:gaps'], (report) => gapsText(report, 'table'), reports.noGaps),
  'backlog.show': of(['backlog:show'], renderBacklog, reports.backlog),
  'backlog.watch': of(['backlog:watch'], (report) => renderBacklogWatch(report, [40, null, 12, 3]), reports.backlog),
  'context.list': of(
    ['context:add', 'context:import', 'context:list'],
    (rows) => renderContexts(rows, '/home/ops/.config/keyshift/contexts.yaml'),
    contextReports.contexts,
  ),
  'context.show': of(['context:show'], renderSettings, contextReports.settings),
  doctor: of(['doctor'], (report) => renderDiagnosis(report, Date.parse(diagnosis.asOf) + 7_200_000), diagnosis),
  'doctor.watch': of(['doctor'], (report) => renderRound(report, ['cannot read orders: timed out'], 30_000), diagnosis),
  'exit-codes': of(['help:exit-codes'], renderExitCodes, EXIT_CODES),
  'keys.owner': of(['keys:owner'], renderOwners, keyReports.owners),
  'keys.owner.slot': of(['keys:owner'], renderOwners, keyReports.slotOwners),
  'keys.ranges': of(['keys:ranges'], (ranges) => renderRanges(ranges, {hasEveryRange: false}), keyReports.ranges),
  'keys.ranges.all': of(['keys:ranges'], (ranges) => renderRanges(ranges, {hasEveryRange: true}), keyReports.ranges),
  'keys.sample': of(['keys:sample'], renderSample, keyReports.sample),
  'keys.simulate': of(['keys:simulate'], renderSimulation, keyReports.simulation),
  'keys.simulate.failover': of(['keys:simulate'], renderSimulation, keyReports.failover),
  'locks.audit': of(['locks:audit'], (audit) => renderAudit(audit, 'locks.baseline'), lockReports.audit),
  'locks.inspect': of(['locks:inspect'], renderLock, releaseReports.inspection),
  'locks.inspect.unknown': of(['locks:inspect'], renderLock, releaseReports.unknownInspection),
  'locks.release.plan': of(
    ['locks:release'],
    (plan) => renderReleasePlan(plan, releaseReports.skipped, 'plan.json'),
    releaseReports.releasePlan,
  ),
  'locks.release.result': of(['locks:release'], renderReleases, releaseReports.releases),
  'locks.scan': of(['locks:scan'], renderLocks, lockReports.locks),
  'locks.scan.elsewhere': of(['locks:scan'], renderLocks, lockReports.locksElsewhere),
  'locks.scan.gaps': of(['locks:scan'], renderLocks, lockReports.locksWithGaps),
  'locks.scan.messages': of(['locks:scan'], renderLocks, lockReports.locksOfMessages),
  'migrate.plan': of(['migrate:plan', 'migrate:plan:show'], renderPlan, reports.plan),
  'migrate.rehearse': of(['migrate:rehearse'], renderRehearsal, rehearsal),
  'migrate.result': of(['migrate:apply', 'migrate:resume', 'migrate:rollback'], renderResult, reports.result),
  'migrate.status': of(
    ['migrate:finish', 'migrate:list', 'migrate:status'],
    (list) => renderMigrations(list, '2026-11-23T14:05:20.000Z'),
    reports.migrations,
  ),
  'subscriptions.inspect': of(['subscriptions:inspect'], renderSubscription, subscription),
  'subscriptions.list': of(['subscriptions:list'], (list) => listText(list, 'table'), reports.list),
  why: of(['why'], renderWhy, explanation),
}

function of<R>(commands: readonly string[], render: (report: R) => string, report: R): Rendering {
  return {commands, render: () => render(report), renderWith: (replace) => render(replace(report))}
}
