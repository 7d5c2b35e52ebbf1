import {setTimeout as delay} from 'node:timers/promises'

import {ask, type Place, until} from '../servers/live.js'

/** Reads what the broker answers for these paths; waits first until two looks are the same. */
export async function standingStill(place: Place, paths: readonly string[]): Promise<() => Promise<unknown>> {
  const world = async (): Promise<unknown> =>
    withoutRates(await Promise.all(paths.map((path) => ask(place.addresses, 'GET', path))))
  await until('the topic standing still', async () => {
    const first = JSON.stringify(await world())
    await delay(300)
    return first === JSON.stringify(await world())
  })
  return world
}

/** Rates are averages that the broker renews on its own; everything else has to stand still. */
function withoutRates(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, part: unknown) =>
      /Rate|Throughput|averageMsgSize|AgeSeconds/.test(key) ? undefined : part,
    ),
  )
}
