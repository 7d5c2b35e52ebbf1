import {digestOf} from '../../../digest.js'
import {Conflict, Usage} from '../../../errors.js'
import type {MigrationPlan} from './plan.js'

/**
 * Reads a plan file's text.
 *
 * @throws Usage E_PLAN_FILE when it is no plan; Conflict E_PLAN_ALTERED when its digest does not fit.
 */
export function parsePlan(text: string, file: string): MigrationPlan {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw new Usage('E_PLAN_FILE', `${file} is not JSON: ${error instanceof Error ? error.message : ''}`, {
      data: {file},
    })
  }
  if (typeof parsed !== 'object' || parsed === null || !('format' in parsed) || parsed.format !== 'keyshift.plan/v1') {
    throw new Usage(
      'E_PLAN_FILE',
      `${file} is not a plan of keyshift; make one with keyshift migrate plan … -o ${file}`,
      {data: {file}},
    )
  }
  const {digest, ...body} = parsed as MigrationPlan
  if (digest !== digestOf(body)) {
    throw new Conflict('E_PLAN_ALTERED', `${file} was changed after it was made: its digest does not fit`, {
      data: {file},
    })
  }
  return {...body, digest}
}
