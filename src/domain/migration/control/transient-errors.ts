import {AdminRefused} from '../../../clients/pulsar-admin/admin-refused.js'
import {Unreachable} from '../../../errors.js'
import type {StepCheck} from '../steps/step.js'
import {messageOf} from '../../../wording.js'

/** A broker restart does not end a run: the step goes on polling until its timeout. */
export async function unlessUnavailable<Facts>(verify: () => Promise<StepCheck<Facts>>): Promise<StepCheck<Facts>> {
  try {
    return await verify()
  } catch (error) {
    if (isTransient(error)) return {isDone: false, waitingFor: `the broker (${messageOf(error)})`}
    throw error
  }
}

/** Whether the connection broke or the broker refused temporarily. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof AdminRefused)) return error instanceof Unreachable
  return error.status >= 500 || [404, 409, 412, 429].includes(error.status)
}
