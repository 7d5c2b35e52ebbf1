import {renderBacklog} from '../../../src/cli/render/backlog/backlog.js'
import {renderDiagnosis} from '../../../src/cli/render/doctor.js'
import {renderOwners} from '../../../src/cli/render/keys/key-owners.js'
import {renderRanges} from '../../../src/cli/render/keys/key-ranges.js'
import {renderSimulation} from '../../../src/cli/render/keys/key-simulation.js'
import {renderSample} from '../../../src/cli/render/keys/message-sample.js'
import {renderLocks} from '../../../src/cli/render/locks/locks.js'
import {renderMigrations, renderPlan, renderResult} from '../../../src/cli/render/migration/migration.js'
import {listText} from '../../../src/cli/render/subscriptions/subscription-list.js'
import {renderSubscription} from '../../../src/cli/render/subscriptions/subscription.js'
import {renderWhy} from '../../../src/cli/render/why.js'
import {diagnosis} from './doctor-reports.js'
import * as keyReports from './key-reports.js'
import * as lockReports from './lock-reports.js'
import * as reports from './reports.js'
import {subscription} from './subscription-report.js'
import {explanation} from './why-report.js'

/** The text of a command, made from a report. */
export interface Rendering {
  /** as the command prints it */
  readonly render: () => string
  /** with each string of the report replaced */
  readonly renderWith: (replace: <T>(report: T) => T) => string
}

/** What each command prints, by the name of its golden text. */
export const RENDERINGS: Readonly<Record<string, Rendering>> = {
  'backlog.show': of(renderBacklog, reports.backlog),
  doctor: of(renderDiagnosis, diagnosis),
  'keys.owner': of(renderOwners, keyReports.owners),
  'keys.ranges': of((ranges) => renderRanges(ranges, {hasEveryRange: false}), keyReports.ranges),
  'keys.ranges.all': of((ranges) => renderRanges(ranges, {hasEveryRange: true}), keyReports.ranges),
  'keys.sample': of(renderSample, keyReports.sample),
  'keys.simulate': of(renderSimulation, keyReports.simulation),
  'keys.simulate.failover': of(renderSimulation, keyReports.failover),
  'locks.scan': of(renderLocks, lockReports.locks),
  'locks.scan.gaps': of(renderLocks, lockReports.locksWithGaps),
  'locks.scan.messages': of(renderLocks, lockReports.locksOfMessages),
  'migrate.plan': of(renderPlan, reports.plan),
  'migrate.result': of(renderResult, reports.result),
  'migrate.status': of((list) => renderMigrations(list, '2026-11-23T14:05:20.000Z'), reports.migrations),
  'subscriptions.inspect': of(renderSubscription, subscription),
  'subscriptions.list': of((list) => listText(list, 'table'), reports.list),
  why: of(renderWhy, explanation),
}

function of<R>(render: (report: R) => string, report: R): Rendering {
  return {render: () => render(report), renderWith: (replace) => render(replace(report))}
}
