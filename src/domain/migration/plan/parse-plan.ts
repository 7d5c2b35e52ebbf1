import {digestOf} from '../../../digest.js'
import {Conflict, Usage} from '../../../errors.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {messageOf} from '../../../wording.js'
import type {MigrationPlan} from './plan.js'

/**
 * Reads a plan file's text.
 *
 * @throws Usage E_PLAN_FILE when it is not a plan; Conflict E_PLAN_ALTERED when its digest does not match its content.
 */
export function parsePlan(text: string, file: string): MigrationPlan {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw new Usage('E_PLAN_FILE', `${file} is not valid JSON: ${messageOf(error)}`, {data: {file}})
  }
  if (typeof parsed !== 'object' || parsed === null || !('format' in parsed) || parsed.format !== 'keyshift.plan/v1') {
    throw new Usage('E_PLAN_FILE', `${file} is not a keyshift plan file`, {
      data: {file},
      next: [suggestedCommand('migrate', 'plan', '--help')],
    })
  }
  const {digest, ...body} = parsed as MigrationPlan
  if (digest !== digestOf(body)) {
    throw new Conflict('E_PLAN_ALTERED', `${file}: plan modified after creation (digest mismatch)`, {
      data: {file},
      next: [suggestedCommand('migrate', 'plan', '--help')],
    })
  }
  return {...body, digest}
}
