import type {DispatchRate} from '../../clients/pulsar-admin/types.js'

const PAUSED_SECONDS = 31_536_000

/**
 * The dispatch rate that holds a subscription: 0 means unlimited, so it is the smallest that is a limit, a year long.
 *
 * @param messages how many of each partition it still lets out.
 */
export function pausedRate(messages: number): DispatchRate {
  return {
    dispatchThrottlingRateInMsg: messages,
    dispatchThrottlingRateInByte: -1,
    relativeToPublishRate: false,
    ratePeriodInSecond: PAUSED_SECONDS,
  }
}

/**
 * Whether the limiter goes on counting when its rate is set anew: before 3.2 `RateLimiter.setRate` keeps what was taken
 * already (org.apache.pulsar.common.util.RateLimiter, replaced by #21681). Who was let have 30 messages and is to have 30
 * more must be allowed 60.
 */
export function keepsCountAcrossRates(brokerVersion: string): boolean {
  return /^([0-2]|3\.[01])\./.test(brokerVersion)
}

/** How many messages a hold allows; 0 when the rate is none. */
export function messagesAllowedBy(rate: DispatchRate | null): number {
  return isPaused(rate) ? (rate?.dispatchThrottlingRateInMsg ?? 0) : 0
}

export function isPaused(rate: DispatchRate | null): boolean {
  return rate?.ratePeriodInSecond === PAUSED_SECONDS
}
