import type {DispatchRate} from '../../clients/pulsar-admin/types.js'

const HELD_SECONDS = 31_536_000

/**
 * The dispatch rate that holds a subscription: 0 means unlimited, so it is the smallest that is a limit, a year long.
 *
 * @param messages how many of each partition it still lets out.
 */
export function holdingRate(messages: number): DispatchRate {
  return {
    dispatchThrottlingRateInMsg: messages,
    dispatchThrottlingRateInByte: -1,
    relativeToPublishRate: false,
    ratePeriodInSecond: HELD_SECONDS,
  }
}

export function isHolding(rate: DispatchRate | null): boolean {
  return rate?.ratePeriodInSecond === HELD_SECONDS
}
