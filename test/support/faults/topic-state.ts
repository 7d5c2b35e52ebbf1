import {setTimeout as delay} from 'node:timers/promises'

import {ask, type Place, until} from '../servers/live.js'

/** Waits until two samples are equal. @returns a function that reads these paths of the admin API again. */
export async function untilUnchanged(place: Place, paths: readonly string[]): Promise<() => Promise<unknown>> {
  const state = async (): Promise<unknown> =>
    withoutOwnUpdates(await Promise.all(paths.map((path) => ask(place.addresses, 'GET', path))))
  await until('the state of the topic being unchanged', async () => {
    const first = JSON.stringify(await state())
    await delay(300)
    return first === JSON.stringify(await state())
  })
  return state
}

/**
 * Rates are averages that the broker updates without any traffic, and it writes a position that has moved to the cursor's
 * ledger up to a minute later. All other fields must stay the same, the position itself included.
 */
function withoutOwnUpdates(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, part: unknown) =>
      /Rate|Throughput|averageMsgSize|AgeSeconds|^cursorLedgerLastEntry$/.test(key) ? undefined : part,
    ),
  )
}
